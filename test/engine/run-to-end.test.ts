import { describe, expect, it } from "vitest";
import type { Run, RunEvent } from "../../src/engine/engine.ts";
import { createLiveRuns } from "../../src/engine/live-runs.ts";
import { runToEnd } from "../../src/engine/run-to-end.ts";

function openRun(): { run: Run; tell: (event: RunEvent) => void; cancelled: string[]; end: () => void } {
  const cancelled: string[] = [];
  const runs = createLiveRuns((id) => cancelled.push(id));
  const run = runs.open({ id: "one", prompt: new Int32Array(1) });
  return { run, tell: (event) => runs.receive("one", event), cancelled, end: () => runs.failAll("over") };
}

describe("runToEnd", () => {
  it("gathers flags, tokens, text and the end, and does not cancel", async () => {
    const { run, tell, cancelled, end } = openRun();
    const whole = runToEnd(run);
    tell({ type: "prompt-judged", promptTokens: 1 });
    tell({
      type: "flag-raised",
      evidence: {
        finding: { verdict: "error", detector: "a", position: 1, errorType: "threw", message: "broken" },
        decision: { action: "flag" },
        detectors: ["a"],
        live: [],
        lens: [],
        generated: [],
        released: 0,
      },
    });
    tell({ type: "tokens-released", tokens: [{ id: 1, text: "" }] });
    tell({
      type: "tokens-released",
      tokens: [
        { id: 2, text: "é" },
        { id: 3, text: "t" },
      ],
    });
    end();
    const { flags, released, text, end: last } = await whole;
    expect(flags.map(({ finding }) => finding.detector)).toEqual(["a"]);
    expect(released.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(text).toBe("ét");
    expect(last.reason).toBe("failed");
    expect(cancelled).toEqual([]);
  });

  it("throws when the events stop without an end", async () => {
    const run: Run = {
      cancel: () => undefined,
      async *[Symbol.asyncIterator]() {
        yield { type: "prompt-judged", promptTokens: 1 };
      },
    };
    await expect(runToEnd(run)).rejects.toThrow("the run ended without saying so");
  });
});
