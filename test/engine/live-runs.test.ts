import { describe, expect, it } from "vitest";
import type { RunEnd } from "../../src/engine/engine.ts";
import { createLiveRuns } from "../../src/engine/live-runs.ts";
import { endOf, eventsOf, namesOf } from "../support/engine-rig.ts";

const END: RunEnd = {
  type: "run-ended",
  reason: "stop",
  decision: { action: "continue" },
  promptTokens: 3,
  releasedTokens: 0,
  generated: [],
  scores: [],
  timing: { waitMs: 0, prefillMs: 0, decodeMs: 0, judgeMs: 0, firstTokenMs: null },
  runs: [],
  actions: [],
};

function openRuns() {
  const cancelled: string[] = [];
  const runs = createLiveRuns((id) => cancelled.push(id));
  const open = (id: string) => runs.open({ id, prompt: new Int32Array(3) });
  return { runs, cancelled, open };
}

describe("createLiveRuns", () => {
  it("passes the events of each run to its own consumer and forgets it at its end", async () => {
    const { runs, open } = openRuns();
    const [one, two] = [open("one"), open("two")];
    runs.receive("one", { type: "prompt-judged", promptTokens: 3 });
    runs.receive("two", { ...END, reason: "length" });
    runs.receive("one", END);
    expect(namesOf(await eventsOf(one))).toEqual(["prompt-judged", "run-ended"]);
    expect(endOf(await eventsOf(two)).reason).toBe("length");
    expect(runs.size).toBe(0);
  });

  it("drops what comes for a run that is over or never was", async () => {
    const { runs, open } = openRuns();
    const run = open("one");
    runs.receive("one", END);
    runs.receive("one", { type: "tokens-released", tokens: [{ id: 1, text: "late" }] });
    runs.receive("stranger", END);
    expect(namesOf(await eventsOf(run))).toEqual(["run-ended"]);
  });

  it("refuses an id that is under way, and takes it again after its end", () => {
    const { runs, open } = openRuns();
    open("one");
    expect(() => open("one")).toThrow("a run with the id one is under way");
    runs.receive("one", END);
    expect(() => open("one")).not.toThrow();
  });

  it("passes a cancel on while the run is under way, and not after its end", () => {
    const { runs, cancelled, open } = openRuns();
    const run = open("one");
    run.cancel();
    runs.receive("one", END);
    run.cancel();
    expect(cancelled).toEqual(["one"]);
  });

  it("does not let the cancel of a run that is over reach a later one with the same id", () => {
    const { runs, cancelled, open } = openRuns();
    const old = open("one");
    runs.receive("one", END);
    open("one");
    old.cancel();
    expect(cancelled).toEqual([]);
  });

  it("cancels when the consumer leaves early", async () => {
    const { runs, cancelled, open } = openRuns();
    const run = open("one");
    runs.receive("one", { type: "prompt-judged", promptTokens: 3 });
    for await (const event of run) if (event.type === "prompt-judged") break;
    expect(cancelled).toEqual(["one"]);
  });

  it("ends every run as failed with what had left, and still hands over what came before", async () => {
    const { runs, open } = openRuns();
    const run = open("one");
    runs.receive("one", { type: "tokens-released", tokens: [{ id: 7, text: "ab", logprob: -1 }] });
    runs.failAll("the thread died");
    const events = await eventsOf(run);
    expect(namesOf(events)).toEqual(["tokens-released", "run-ended"]);
    expect(endOf(events)).toMatchObject({
      reason: "failed",
      decision: { action: "unavailable", rule: "the thread died" },
      promptTokens: 3,
      releasedTokens: 1,
      generated: [{ id: 7, text: "ab" }],
    });
    expect(runs.size).toBe(0);
  });
});
