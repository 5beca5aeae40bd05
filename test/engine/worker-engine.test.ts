import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { startWorkerEngine, type WorkerEngine } from "../../src/engine/worker-engine.ts";
import type { ModelFacts } from "../../src/model/facts.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { createLogger } from "../../src/log.ts";
import type { WorkerSettings } from "../../src/engine/messages.ts";
import { generateRequest, policyOf, readRequest, settingsOf } from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, releasedText } from "../support/engine-rig.ts";
import { openVendored } from "../support/prepared-model.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const KIND = fileURLToPath(new URL("../fixtures/kinds/position-script.mjs", import.meta.url));

let model: PreparedModel;
let prompt: Int32Array;
let engine: WorkerEngine;
beforeAll(async () => {
  model = await openVendored("fast");
  prompt = Int32Array.from(createTokenizer(model.manifest.vocabulary).encode("1, 2, 3, 4, 5,"));
  engine = start();
  await engine.ready;
});
afterAll(() => engine.close());

function start(changes: Partial<WorkerSettings> = {}, stuckMs = 10_000): WorkerEngine {
  const { architecture } = model.manifest;
  const facts: ModelFacts = {
    name: "m",
    sha256: "",
    precision: "fast",
    formatVersion: 1,
    contextTokens: 512,
    ...architecture,
  };
  const settings = settingsOf(model, { slots: 1, ...changes });
  return startWorkerEngine({
    model: facts,
    settings,
    waitingLimit: 1,
    retryAfterMs: 1_500,
    log: createLogger("silent"),
    restartMs: 20,
    stuckMs,
  });
}

/** An engine of one test's own, whose detectors are scripted by position. */
function startScripted(scripts: Readonly<Record<string, object>>, stuckMs?: number): WorkerEngine {
  const detectors = Object.entries(scripts).map(([id, scores]) =>
    loadedDetector(id, { kind: "position-script", resolved: { scores } }),
  );
  const own = start({ kindModules: [KIND], detectors }, stuckMs);
  onTestFinished(() => own.close());
  return own;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const long = () => generateRequest(prompt, { maxTokens: 400 });

/** Takes events until the first token left. */
async function firstToken(run: AsyncIterable<RunEvent>): Promise<AsyncIterator<RunEvent>> {
  const events = run[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await events.next();
    if (done === true || value.type === "run-ended") throw new Error("the run ended before its first token");
    if (value.type === "tokens-released") return events;
  }
}

describe("a worker engine", () => {
  it("is ready, generates in its thread and reads what it wrote", async () => {
    expect(engine.status()).toEqual({ state: "ready", slots: 1, running: 0, waiting: 0, restarts: 0, stuck: [] });
    const events = await eventsOf(engine.generate(generateRequest(prompt)));
    expect(endOf(events)).toMatchObject({ reason: "length", releasedTokens: 8 });
    expect(releasedText(events)).toBe(" 6, 7, 8");
    const forced = Int32Array.from(endOf(events).generated, ({ id }) => id);
    const read = await eventsOf(engine.read(readRequest(prompt, forced)));
    expect(releasedText(read)).toBe(" 6, 7, 8");
  });

  it("refuses at once when all slots and the waiting line are full, with a time to come again", async () => {
    const [one, two] = [engine.generate(long()), engine.generate(long())];
    expect(() => engine.generate(long())).toThrow(expect.objectContaining({ code: "overloaded", retryAfterMs: 1_500 }));
    await until(() => engine.status().waiting === 1);
    expect(engine.status().running).toBe(1);
    one.cancel();
    two.cancel();
    for (const run of [one, two]) expect(endOf(await eventsOf(run)).reason).toBe("cancelled");
    expect(releasedText(await eventsOf(engine.generate(generateRequest(prompt))))).toBe(" 6, 7, 8");
  });

  it("refuses at once what does not fit, and an id that is under way", async () => {
    expect(() => engine.generate(generateRequest(new Int32Array(513).fill(1)))).toThrow(
      expect.objectContaining({ code: "context_length_exceeded" }),
    );
    const run = engine.generate({ ...long(), id: "same" });
    expect(() => engine.generate({ ...long(), id: "same" })).toThrow("a run with the id same is under way");
    run.cancel();
    await eventsOf(run);
  });

  it("cancels a run whose consumer leaves the iteration", async () => {
    for await (const event of engine.generate(long())) if (event.type === "tokens-released") break;
    await until(() => engine.status().running === 0);
    expect(engine.status()).toMatchObject({ state: "ready", running: 0, waiting: 0 });
  });

  it("keeps the event loop free while it works", async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await eventsOf(engine.generate(generateRequest(prompt, { maxTokens: 12 })));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(20);
  });
});

describe("a worker that dies", () => {
  it("ends its runs as failed with what had left, and is replaced", async () => {
    const running = engine.generate(long());
    const waiting = engine.generate(long());
    const events = await firstToken(running);
    const crashed = engine.crash();
    const rest: RunEvent[] = [];
    for (let next = await events.next(); next.done !== true; next = await events.next()) rest.push(next.value);
    const end = endOf(rest);
    expect(end).toMatchObject({ reason: "failed", decision: { action: "unavailable" }, promptTokens: prompt.length });
    expect(end.releasedTokens).toBe(1 + rest.filter(({ type }) => type === "tokens-released").length);
    expect(endOf(await eventsOf(waiting))).toMatchObject({ reason: "failed", releasedTokens: 0 });
    await crashed;
    expect(engine.status()).toMatchObject({ state: "restarting", running: 0, waiting: 0, restarts: 1 });
    expect(() => engine.generate(long())).toThrow(
      expect.objectContaining({ code: "oversight_unavailable", retryAfterMs: 1_500 }),
    );
    await until(() => engine.status().state === "ready");
    expect(releasedText(await eventsOf(engine.generate(generateRequest(prompt))))).toBe(" 6, 7, 8");
  });

  it("loses no flag that it raised before", async () => {
    const own = startScripted({ alarm: { [prompt.length]: 2, [prompt.length + 1]: "die" } });
    await own.ready;
    const policy = policyOf({ detectors: { alarm: { action: "flag" } } });
    const events = await eventsOf(own.generate({ ...long(), policy }));
    expect(namesOf(events)).toContain("flag-raised");
    expect(endOf(events).reason).toBe("failed");
  });
});

describe("a detector that never comes back", () => {
  const STUCK_MS = 1_000;
  const opened = policyOf({ detectors: { hangs: { onError: "open" } } });

  it("ends the thread, which loses no flag, and is broken in every thread after it", async () => {
    const own = startScripted({ alarm: { [prompt.length]: 2 }, hangs: { [prompt.length + 1]: "hang" } }, STUCK_MS);
    await own.ready;
    const policy = policyOf({ detectors: { alarm: { action: "flag" }, hangs: {} } });
    const events = await eventsOf(own.generate({ ...long(), policy }));
    expect(namesOf(events)).toContain("flag-raised");
    expect(endOf(events)).toMatchObject({
      reason: "failed",
      decision: { action: "unavailable", rule: `detector hangs did not come back from score within ${STUCK_MS} ms` },
    });
    expect(own.status()).toMatchObject({ state: "restarting", restarts: 1, stuck: ["hangs"] });

    await until(() => own.status().state === "ready");
    const again = endOf(await eventsOf(own.generate({ ...long(), policy })));
    expect(again).toMatchObject({ reason: "unavailable", decision: { detector: "hangs" }, releasedTokens: 0 });
    expect(again.scores[1]).toMatchObject({ detector: "hangs", score: null, error: expect.stringMatching(/^stuck: /) });
    const past = await eventsOf(own.generate(generateRequest(prompt, { policy: opened })));
    expect(releasedText(past)).toBe(" 6, 7, 8");
    expect(endOf(past).runs).toMatchObject([{ detector: "hangs", verdict: "error", errorType: "stuck", count: 1 }]);
    expect(releasedText(await eventsOf(own.generate(generateRequest(prompt))))).toBe(" 6, 7, 8");
    expect(own.status()).toMatchObject({ state: "ready", restarts: 1, stuck: ["hangs"] });
  });

  it("is none that comes back at every step, however long runs take together", async () => {
    const own = startScripted({ hangs: {} }, STUCK_MS);
    await own.ready;
    for (const end = performance.now() + 2 * STUCK_MS; performance.now() < end;)
      expect(endOf(await eventsOf(own.generate(generateRequest(prompt, { policy: opened })))).reason).toBe("length");
    expect(own.status()).toMatchObject({ restarts: 0, stuck: [] });
  });

  it("does not keep the engine from being closed", async () => {
    const own = startScripted({ hangs: { [prompt.length]: "hang" } }, STUCK_MS);
    await own.ready;
    const run = own.generate({ ...long(), policy: opened });
    await until(() => own.status().running === 1);
    const closed = own.close();
    expect(endOf(await eventsOf(run)).reason).toBe("failed");
    await closed;
    expect(own.status().state).toBe("closed");
  });
});

describe("a worker that cannot start", () => {
  it("rejects ready with the cause, and refuses every request", async () => {
    const own = start({ prepared: "/nowhere" });
    onTestFinished(() => own.close());
    await expect(own.ready).rejects.toThrow("/nowhere/prepared.json");
    expect(own.status()).toMatchObject({ state: "closed", restarts: 0 });
    expect(() => own.generate(long())).toThrow(expect.objectContaining({ code: "oversight_unavailable" }));
  });
});

describe("closing", () => {
  it("ends what runs, and refuses from then on", async () => {
    const own = start();
    await own.ready;
    const run = own.generate(long());
    await firstToken(run);
    const closed = own.close();
    expect(endOf(await eventsOf(run))).toMatchObject({ reason: "failed", decision: { rule: "the engine was closed" } });
    await closed;
    expect(own.status()).toMatchObject({ state: "closed", running: 0, waiting: 0 });
    expect(() => own.generate(long())).toThrow(expect.objectContaining({ code: "oversight_unavailable" }));
    await expect(own.close()).resolves.toBeUndefined();
  });
});
