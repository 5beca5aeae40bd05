import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlagEvidence, RunEvent } from "../../src/engine/engine.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import {
  generateRequest,
  openVendoredParts,
  withKinds,
  withScripts,
  type OpenedParts,
  type PolicyChanges,
  type Script,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, openRig } from "../support/engine-rig.ts";
import { scriptedKind } from "../support/scripted-kind.ts";

const COUNTRY = `
description: A country, in few words.
kind: concept
options: { words: [Germany, German, Germans, Berlin, France, Japan, Japanese, Italy], first_letter: as_written, taps: [23.attn_out, 29.resid_post] }
positions: both
aggregate: { type: max, window: 1 }
threshold: -1
calibration: { status: uncalibrated, note: for tests }
`;

let opened: OpenedParts;
let prompt: Int32Array;
let last: number;
beforeAll(async () => {
  opened = await openVendoredParts("fast", { country: COUNTRY });
  prompt = opened.prompts.encodeText("The capital of Germany is").ids;
  last = prompt.length - 1;
});
afterAll(() => opened.close());

const write = (parts: WorkerParts) =>
  eventsOf(openRig(parts, opened.model).generate(generateRequest(prompt, { maxTokens: 3 })));
const writeWith = (alarm: Script, policy: PolicyChanges) =>
  write(withScripts(opened, { alarm }, { detectors: { alarm: {} }, ...policy }));
const flagsOf = (events: readonly RunEvent[]): FlagEvidence[] =>
  events.flatMap((event) => (event.type === "flag-raised" ? [event.evidence] : []));
const fires = { score: 2 };

describe("the evidence of a firing", () => {
  it("holds the live scores up to the firing, the thresholds and the lens of the taps, the strongest first", async () => {
    const parts = withScripts(opened, {}, { detectors: { country: { positions: "prompt" } } });
    const [flag] = flagsOf(await write(parts));
    expect(flag).toMatchObject({ detectors: ["country"], thresholds: [-1], released: 0, generated: [] });
    expect(flag?.live.at(-1)).toMatchObject({ position: flag?.finding.position });
    expect(flag?.live.map(({ position }) => position)).toEqual(
      Array.from({ length: flag?.finding.position ?? 0 }, (_, index) => index + 1),
    );
    const finding = flag?.finding.verdict === "fired" ? flag.finding : undefined;
    expect(finding?.tap).toBe(flag?.lens[0]?.tap);
    expect(flag?.lens.map(({ tap }) => tap).toSorted()).toEqual(["23.attn_out", "29.resid_post"]);
    for (const { top } of flag?.lens ?? []) {
      expect(top).toHaveLength(10);
      expect(top.every(({ probability }, index) => probability <= (top[index - 1]?.probability ?? 1))).toBe(true);
    }
  });

  it("shows Germany at 23.attn_out where the model is about to name the capital", async () => {
    const kind = scriptedKind("alarm", { [last]: { score: 2, tap: "23.attn_out" } });
    const [flag] = flagsOf(await write(withKinds(opened, [kind], { detectors: { alarm: {} } })));
    expect(flag?.lens[0]).toMatchObject({
      tap: "23.attn_out",
      top: [{ text: " Germany" }, {}, {}, {}, {}, {}, {}, {}, {}, {}],
    });
    expect(flag?.lens[0]?.top[0]?.probability).toBeGreaterThan(0.8);
  });

  it("leaves out a tap that a kind names and nobody reads", async () => {
    const events = await writeWith({ [last]: { score: 2, tap: "5.resid_mid" } }, {});
    expect(flagsOf(events)[0]?.lens).toEqual([]);
    expect(endOf(events).reason).toBe("abort");
  });

  it("keeps at most 64 positions", async () => {
    const long = opened.prompts.encodeText("word ".repeat(100)).ids;
    const parts = withScripts(opened, { alarm: { 90: fires } }, { detectors: { alarm: {} } });
    const [flag] = flagsOf(await eventsOf(openRig(parts, opened.model).generate(generateRequest(long))));
    expect(flag?.live.map(({ position }) => position)).toEqual(Array.from({ length: 64 }, (_, index) => 27 + index));
  });

  it("is on record even when the lens breaks, and the run then fails", async () => {
    const parts = withScripts(
      opened,
      { alarm: { [last + 1]: { score: 2, tap: "23.attn_out" } } },
      { detectors: { alarm: { action: "flag" } } },
    );
    const lensHead = { ...parts.lensHead, logits: () => Promise.reject(new Error("no lens")) };
    const rig = openRig({ ...parts, lensHead }, opened.model);
    const events = await eventsOf(rig.generate(generateRequest(prompt)));
    expect(namesOf(events)).toEqual(["prompt-judged", "flag-raised", "run-ended"]);
    expect(flagsOf(events)[0]?.lens).toEqual([]);
    expect(endOf(events)).toMatchObject({ reason: "failed", decision: { action: "flag" } });
    expect(rig.faults).toHaveLength(1);
  });
});
