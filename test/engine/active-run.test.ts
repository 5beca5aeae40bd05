import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endRun, startRun } from "../../src/engine/active-run.ts";
import type { RunEvent } from "../../src/engine/engine.ts";
import { createSlot } from "../../src/model/slot.ts";
import {
  generateRequest,
  openVendoredParts,
  policyOf,
  readRequest,
  withScripts,
  type OpenedParts,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, openRig } from "../support/engine-rig.ts";

let opened: OpenedParts;
let prompt: Int32Array;
beforeAll(async () => {
  opened = await openVendoredParts("fast");
  prompt = opened.prompts.encodeText("1, 2, 3, 4, 5,").ids;
});
afterAll(() => opened.close());

function start(request = generateRequest(prompt), parts = withScripts(opened, {}, {})) {
  const events: RunEvent[] = [];
  const slot = createSlot(opened.model.manifest.architecture);
  const run = startRun(
    parts,
    { verb: "generate", request },
    { slot, acceptedAt: 0, emit: (event) => events.push(event) },
  );
  return { run, events, parts };
}

describe("startRun", () => {
  it("gives a run no more tokens than the context has room for", () => {
    expect(start(generateRequest(prompt, { maxTokens: 8 })).run.maxTokens).toBe(8);
    expect(start(generateRequest(prompt, { maxTokens: 5_000 })).run.maxTokens).toBe(512 - prompt.length);
  });

  it("refuses what does not fit a run", () => {
    expect(() => start(generateRequest(new Int32Array(513).fill(1)))).toThrow(
      "The request has 513 tokens, one may hold 512.",
    );
  });

  it("refuses a policy with a detector that is not loaded", () => {
    const policy = policyOf({ detectors: { missing: {} } });
    expect(() => start(generateRequest(prompt, { policy }))).toThrow("detector missing is not loaded");
  });
});

describe("endRun", () => {
  it("tells the end once; the first reason stays", () => {
    const { run, events, parts } = start();
    endRun(parts, run, "cancelled");
    endRun(parts, run, "failed");
    expect(events.map((event) => event.type === "run-ended" && event.reason)).toEqual(["cancelled"]);
  });

  it("tells times from one clock: waiting, reading the prompt, writing, judging, the first token", async () => {
    let now = 0;
    const parts = { ...withScripts(opened, {}, {}), now: () => (now += 1) };
    const end = endOf(await eventsOf(openRig(parts, opened.model).generate(generateRequest(prompt, { maxTokens: 2 }))));
    const { waitMs, prefillMs, decodeMs, judgeMs, firstTokenMs } = end.timing;
    for (const time of [waitMs, prefillMs, decodeMs, judgeMs]) expect(time).toBeGreaterThan(0);
    expect(firstTokenMs).toBeGreaterThan(waitMs + prefillMs);
    expect(firstTokenMs).toBeLessThan(waitMs + prefillMs + decodeMs);
    // This clock goes on by one a look: one pass for the prompt, one for each of the two tokens.
    expect(end.timing.passMs).toEqual({ prefill: 1, decode: 2 });
  });

  it("has no first token when none was drawn", async () => {
    const run = openRig(withScripts(opened, {}, {}), opened.model).generate(generateRequest(prompt, { maxTokens: 0 }));
    expect(endOf(await eventsOf(run)).timing.firstTokenMs).toBeNull();
  });

  it("gives every detector's largest score, how often it ran, and every score only when asked", async () => {
    const parts = withScripts(
      opened,
      { alarm: { 3: { score: 0.5 }, 15: { score: 0.9 } } },
      { detectors: { alarm: {} } },
    );
    const rig = openRig(parts, opened.model);
    const forced = Int32Array.from(opened.tokenizer.encode(" 6, 7"));
    const quiet = endOf(await eventsOf(rig.read(readRequest(prompt, forced))));
    expect(quiet.scores).toMatchObject([{ detector: "alarm", score: 0.9, position: 15, fired: false, error: null }]);
    expect(quiet.runs.map(({ phase, verdict, count }) => [phase, verdict, count])).toEqual([
      ["prompt", "clear", 1],
      ["generation", "clear", 1],
    ]);
    expect(quiet).not.toHaveProperty("everyScore");
    const loud = endOf(await eventsOf(rig.read(readRequest(prompt, forced, { keepScores: true }))));
    const last = prompt.length + forced.length - 1;
    expect(loud.everyScore?.map(({ position }) => position)).toEqual(
      Array.from({ length: last }, (_, index) => index + 1),
    );
    expect(loud.everyScore?.find(({ position }) => position === 15)?.scores).toEqual([0.9]);
  });
});
