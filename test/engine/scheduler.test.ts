import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { createScheduler } from "../../src/engine/scheduler.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import {
  generateRequest,
  openVendoredParts,
  policyOf,
  readRequest,
  withScripts,
  type OpenedParts,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, openRig, releasedIds } from "../support/engine-rig.ts";

let opened: OpenedParts;
let prompt: Int32Array;
let plain: readonly number[];
beforeAll(async () => {
  opened = await openVendoredParts("fast");
  prompt = opened.prompts.encodeText("1, 2, 3, 4, 5,").ids;
  plain = releasedIds(await eventsOf(rigOf().generate(generateRequest(prompt))));
});
afterAll(() => opened.close());

function rigOf({ slots = 1, ...changes }: Partial<WorkerParts> & { slots?: number } = {}) {
  return openRig({ ...withScripts(opened, {}, {}), ...changes }, opened.model, slots);
}

const named = (id: string, changes: Parameters<typeof generateRequest>[1] = {}) =>
  generateRequest(prompt, { id, ...changes });
const UNKNOWN = policyOf({ detectors: { missing: {} } });
const isToken = ({ event }: { event: RunEvent }) => event.type === "tokens-released";

describe("slots", () => {
  it("are used again after each end, and each run is as if it were the first", async () => {
    const rig = rigOf({ slots: 2 });
    const runs = [0, 1, 2, 3, 4].map(() => eventsOf(rig.generate(generateRequest(prompt, { maxTokens: 3 }))));
    for (const events of await Promise.all(runs)) {
      expect(releasedIds(events)).toEqual(plain.slice(0, 3));
      expect(endOf(events).reason).toBe("length");
    }
    await rig.scheduler.idle();
    expect(rig.slots.map(({ length }) => length)).toEqual([0, 0]);
  });

  it("are given in the order of arrival", async () => {
    const rig = rigOf();
    await Promise.all(["a", "b", "c"].map((id) => eventsOf(rig.generate(named(id, { maxTokens: 1 })))));
    const ends = rig.log.filter(({ event }) => event.type === "run-ended");
    expect(ends.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("tell how many run and wait whenever that changes, and are all free in the end", async () => {
    const rig = rigOf();
    const runs = ["a", "b"].map((id) => eventsOf(rig.generate(named(id, { maxTokens: 2 }))));
    await Promise.all(runs);
    await rig.scheduler.idle();
    expect(rig.loads).toEqual([
      [1, 1],
      [1, 0],
      [0, 0],
    ]);
  });

  it("must be there", () => {
    const nothing = () => undefined;
    const options = { parts: opened.parts, slots: [], emit: nothing, onLoad: nothing, onFault: nothing };
    expect(() => createScheduler(options)).toThrow("without slots");
  });
});

describe("turns", () => {
  it("keep a short reply's tokens coming while a long prompt is read beside it", async () => {
    const rig = rigOf({ slots: 2, prefillChunkTokens: 16 });
    const long = opened.prompts.encodeText("word ".repeat(120)).ids;
    await Promise.all([
      eventsOf(rig.generate(named("short", { maxTokens: 6 }))),
      eventsOf(rig.generate(generateRequest(long, { id: "long", maxTokens: 1 }))),
    ]);
    const judged = rig.log.findIndex(({ id, event }) => id === "long" && event.type === "prompt-judged");
    const before = rig.log.slice(0, judged);
    expect(before.filter((entry) => entry.id === "short" && isToken(entry))).toHaveLength(6);
  });

  it("alternate between runs that write", async () => {
    const rig = rigOf({ slots: 2 });
    await Promise.all(["a", "b"].map((id) => eventsOf(rig.generate(named(id, { maxTokens: 4 })))));
    const order = rig.log.filter(isToken).map(({ id }) => id);
    expect(order).toEqual(["a", "b", "a", "b", "a", "b", "a", "b"]);
  });
});

describe("cancel", () => {
  it("takes a waiting job out of line", async () => {
    const rig = rigOf();
    const first = eventsOf(rig.generate(named("first", { maxTokens: 3 })));
    const second = rig.generate(named("second"));
    second.cancel();
    const events = await eventsOf(second);
    expect(namesOf(events)).toEqual(["run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "cancelled", promptTokens: prompt.length, generated: [] });
    expect(endOf(await first).reason).toBe("length");
  });

  it("ends a running job within one step and gives its slot to the next", async () => {
    const rig = rigOf();
    const run = rig.generate(named("long", { maxTokens: 400 }));
    const next = eventsOf(rig.generate(named("next", { maxTokens: 1 })));
    let afterCancel = -1;
    const events: RunEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (afterCancel >= 0 && event.type === "tokens-released") afterCancel += 1;
      if (event.type === "tokens-released" && afterCancel < 0) {
        run.cancel();
        afterCancel = 0;
      }
    }
    expect(endOf(events).reason).toBe("cancelled");
    expect(afterCancel).toBeLessThanOrEqual(1);
    expect(endOf(await next).reason).toBe("length");
  });

  it("reads what left unread with hold 0 first, so that what fires there goes on record", async () => {
    const policy = { detectors: { alarm: { positions: "generation" as const } }, holdTokens: 0 };
    const parts = withScripts(opened, { alarm: { [prompt.length]: { score: 2 } } }, policy);
    const rig = openRig(parts, opened.model, 2);
    const longer = opened.prompts.encodeText("1, 2, 3, 4, 5, 6, 7, 8, 9,").ids;
    const run = rig.generate(named("leaves", { maxTokens: 20 }));
    const other = eventsOf(rig.generate(generateRequest(longer, { id: "stays", maxTokens: 4 })));
    const events: RunEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (event.type === "tokens-released") run.cancel();
    }
    expect(namesOf(events)).toEqual(["prompt-judged", "tokens-released", "flag-raised", "run-ended"]);
    expect(endOf(await other).reason).toBe("length");
  });

  it("ends a job between two chunks of its prompt", async () => {
    const rig = rigOf({ prefillChunkTokens: 2 });
    const run = rig.generate(named("one"));
    setImmediate(() => run.cancel());
    expect(namesOf(await eventsOf(run))).toEqual(["run-ended"]);
  });

  it("does nothing to a job that is over, nor to a later one of the same id", async () => {
    const rig = rigOf();
    await eventsOf(rig.generate(named("same", { maxTokens: 1 })));
    rig.scheduler.cancel("same");
    rig.scheduler.cancel("never was");
    expect(endOf(await eventsOf(rig.generate(named("same", { maxTokens: 2 })))).reason).toBe("length");
  });

  it("counts once when a job ends before its turn comes", async () => {
    const rig = rigOf();
    const run = rig.generate(named("one", { maxTokens: 1 }));
    for await (const event of run) if (event.type === "run-ended") rig.scheduler.cancel("one");
    await rig.scheduler.idle();
    expect(rig.log.filter(({ event }) => event.type === "run-ended")).toHaveLength(1);
  });

  it("happens when the consumer leaves the iteration", async () => {
    const rig = rigOf();
    for await (const event of rig.generate(named("left", { maxTokens: 400 })))
      if (event.type === "tokens-released") break;
    await rig.scheduler.idle();
    const last = rig.log.at(-1)?.event;
    expect(last).toMatchObject({ type: "run-ended", reason: "cancelled" });
  });
});

describe("a deadline", () => {
  it("ends a job that waits", async () => {
    let now = 0;
    const rig = rigOf({ now: () => now });
    const first = rig.generate(named("first", { maxTokens: 4, deadlineMs: 1_000 }));
    const second = eventsOf(rig.generate(named("second", { deadlineMs: 10 })));
    for await (const event of first) if (event.type === "prompt-judged") now = 11;
    expect(endOf(await second)).toMatchObject({ reason: "deadline", timing: { waitMs: 11 } });
    expect(rig.log.findIndex(({ id }) => id === "second")).toBeLessThan(rig.log.length - 1);
  });

  it("ends a job that runs, at its next step, counted from when it was accepted", async () => {
    let now = 0;
    const rig = rigOf({ now: () => now });
    const events: RunEvent[] = [];
    for await (const event of rig.generate(named("one", { maxTokens: 400, deadlineMs: 10 }))) {
      events.push(event);
      if (events.length === 3) now = 11;
    }
    expect(endOf(events).reason).toBe("deadline");
    expect(endOf(events).releasedTokens).toBeLessThanOrEqual(4);
  });
});

describe("a fault", () => {
  /** The real model, but one step of it throws. */
  function failingAt(step: number): Partial<WorkerParts> {
    let steps = 0;
    const { forward } = opened.parts;
    return {
      forward: {
        ...forward,
        async step(...args) {
          steps += 1;
          if (steps === step) throw new Error("the pass failed");
          return forward.step(...args);
        },
      },
    };
  }

  it("in the model ends the run as failed, is told, and frees the slot", async () => {
    const rig = rigOf(failingAt(3));
    const events = await eventsOf(rig.generate(named("one")));
    expect(endOf(events)).toMatchObject({ reason: "failed", releasedTokens: 1 });
    expect(rig.faults).toEqual([new Error("the pass failed")]);
    expect(releasedIds(await eventsOf(rig.generate(named("two"))))).toEqual(plain);
  });

  it.each([
    ["a detector that is not loaded", { policy: UNKNOWN }, "detector missing is not loaded"],
    ["an empty prompt", { prompt: new Int32Array(0), judged: new Uint8Array(0) }, "the prompt is empty"],
  ])("in a request, %s, ends it without blaming the model", async (_, changes, rule) => {
    const rig = rigOf();
    const events = await eventsOf(rig.generate(named("one", changes)));
    expect(endOf(events)).toMatchObject({ reason: "failed", decision: { action: "unavailable" } });
    expect(endOf(events).decision.rule).toContain(rule);
    expect(rig.faults).toEqual([]);
    expect(endOf(await eventsOf(rig.generate(named("two", { maxTokens: 1 })))).reason).toBe("length");
  });

  it("in a policy that names a detector which is not loaded ends the run unread", async () => {
    const events = await eventsOf(rigOf().read(readRequest(prompt, Int32Array.from(plain), { policy: UNKNOWN })));
    expect(namesOf(events)).toEqual(["run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "failed", decision: { rule: "detector missing is not loaded" } });
  });

  it("leaves no job without an end when more of them are bad than there are slots", async () => {
    const rig = rigOf();
    const runs = ["a", "b", "c"].map((id) => eventsOf(rig.generate(named(id, { policy: UNKNOWN }))));
    expect((await Promise.all(runs)).map((events) => endOf(events).reason)).toEqual(["failed", "failed", "failed"]);
  });
});
