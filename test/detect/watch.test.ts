import { describe, expect, it } from "vitest";
import type { Calibration } from "../../src/detect/calibration.ts";
import type { Kind, RawScore } from "../../src/detect/kinds/kind.ts";
import type { RunSample } from "../../src/detect/run-counter.ts";
import { createWatch, type WatchOptions } from "../../src/detect/watch.ts";
import { loadedDetector, scriptedKind, stepAt } from "../support/scripted-kind.ts";

function watch(script: Parameters<typeof scriptedKind>[1], changes: Partial<WatchOptions> = {}) {
  const samples: RunSample[] = [];
  const options: WatchOptions = {
    detector: loadedDetector("a"),
    kind: scriptedKind("a", script),
    firstRead: 0,
    positions: "both",
    budgetMs: 1000,
    now: () => 0,
    place: 0,
    mark: { begin: () => undefined, end: () => undefined },
    isStuck: false,
    count: (sample) => samples.push(sample),
    ...changes,
  };
  return { ...createWatch(options), samples };
}

/** A clock that a script moves on. */
function manualClock() {
  let nowMs = 0;
  return { now: () => nowMs, take: (ms: number, raw: RawScore) => () => ((nowMs += ms), raw) };
}

describe("createWatch", () => {
  it("is clear below the threshold and fires at it, with everything a person needs", () => {
    const one = watch({
      1: { score: 0.99 },
      2: { score: 1, tap: "23.attn_out", names: [{ name: "Japan", share: 0.9 }] },
    });
    expect(one.judge(stepAt(1))).toEqual({ detector: "a", verdict: "clear", position: 1, score: 0.99 });
    expect(one.judge(stepAt(2))).toEqual({
      detector: "a",
      verdict: "fired",
      level: "abort",
      position: 2,
      score: 1,
      raw: 1,
      threshold: 1,
      phase: "generation",
      token: { id: 102, text: " t2" },
      tap: "23.attn_out",
      names: [{ name: "Japan", share: 0.9 }],
    });
  });

  it("says which of two thresholds was reached, and by how much likelier the score is", () => {
    const calibration: Calibration = {
      status: "calibrated",
      data: "d",
      false_alarm_rate: 0,
      likelihood: { scores: [1, 3], log_ratios: [0, 4] },
      model_sha256: "a",
      precision: "fast",
      format_version: 1,
      chat_template_sha256: null,
      background_sha256: null,
      lens: "none",
    };
    const detector = loadedDetector("a", { threshold: 1, abortThreshold: 3, calibration });
    const one = watch({ 1: { score: 0.9 }, 2: { score: 2 }, 3: { score: 3 } }, { detector });
    expect([1, 2, 3].map((position) => one.judge(stepAt(position)))).toMatchObject([
      { verdict: "clear" },
      { verdict: "fired", level: "flag", threshold: 1, logRatio: 2 },
      { verdict: "fired", level: "abort", threshold: 3, logRatio: 4 },
    ]);
  });

  it("lets a firing stand whose names cannot be told, and asks a clear position for none", () => {
    let asked = 0;
    const raw = (score: number): RawScore => ({
      score,
      get names(): never {
        asked += 1;
        throw new Error("no names");
      },
    });
    const one = watch({ 1: raw(0), 2: raw(1) });
    expect(one.judge(stepAt(1))).toMatchObject({ verdict: "clear" });
    expect(asked).toBe(0);
    expect(one.judge(stepAt(2))).toMatchObject({ verdict: "fired", score: 1, names: [] });
  });

  it("compares the aggregated score, and tells the raw one beside it", () => {
    const detector = loadedDetector("a", { aggregate: { type: "ema", alpha: 0.5, start: 0 } });
    const one = watch({ 1: { score: 1.5 }, 2: { score: 1.5 } }, { detector });
    expect(one.judge(stepAt(1))).toMatchObject({ verdict: "clear", score: 0.75 });
    expect(one.judge(stepAt(2))).toMatchObject({ verdict: "fired", score: 1.125, raw: 1.5 });
  });

  it("gathers the prompt and compares from its end on where the aggregation says so, but an error speaks at once", () => {
    const aggregate = { type: "mean", weight: 1, start: 0, compare: "prompt_end" } as const;
    const detector = { ...loadedDetector("a"), aggregate };
    const early = { ...stepAt(1), beforePromptEnd: true };
    const one = watch({ 1: { score: 9 }, 2: { score: 0 } }, { detector });
    expect(one.judge(early)).toBeUndefined();
    expect(one.summary()).toMatchObject({ score: null, fired: false });
    // (0 + 9 + 0) / 3: what was gathered counts.
    expect(one.judge(stepAt(2))).toMatchObject({ verdict: "fired", score: 3, position: 2 });
    expect(watch({ 1: { score: NaN } }, { detector }).judge(early)).toMatchObject({ verdict: "error" });
  });

  it("says nothing where the kind has nothing to say", () => {
    expect(watch({}).judge(stepAt(1))).toBeUndefined();
  });

  it.each<[string, () => RawScore | undefined, string, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("broken probe");
      },
      "threw",
      /broken probe/,
    ],
    ["gives NaN", () => ({ score: Number.NaN }), "not_finite", /NaN/],
    ["gives infinity", () => ({ score: Infinity }), "not_finite", /Infinity/],
    ["gives minus infinity", () => ({ score: -Infinity }), "not_finite", /-Infinity/],
    ["gives no object", () => null as unknown as RawScore, "threw", /returned null/],
    ["gives text for a score", () => ({ score: "high" }) as unknown as RawScore, "threw", /of type string/],
    ["answers later", () => Promise.resolve({ score: 0 }) as unknown as RawScore, "threw", /of type undefined/],
    ["gives a bigint", () => ({ score: 5n }) as unknown as RawScore, "threw", /of type bigint/],
    ["gives a tap that is no text", () => ({ score: 5, tap: {} }) as unknown as RawScore, "threw", /tap is of type/],
    [
      "has a tap that cannot be read",
      () => ({
        score: 5,
        get tap(): string {
          throw new Error("no tap");
        },
      }),
      "threw",
      /no tap/,
    ],
  ])("reports a kind that %s as an error, never as clear", (_, entry, errorType, message) => {
    const one = watch({ 1: entry, 2: { score: 0 } });
    expect(one.judge(stepAt(1))).toEqual({
      detector: "a",
      verdict: "error",
      position: 1,
      errorType,
      message: expect.stringMatching(message),
    });
  });

  it("reports a kind that cannot start at the first position it would have judged", () => {
    const kind: Kind = {
      ...scriptedKind("a", {}),
      start: () => {
        throw new Error("no start");
      },
    };
    expect(watch({}, { kind }).judge(stepAt(4))).toMatchObject({
      verdict: "error",
      errorType: "threw",
      message: "no start",
    });
  });

  it("stays broken for the rest of the request, and speaks of it once", () => {
    const one = watch({ 1: { score: 0.5 }, 2: { score: Number.NaN }, 3: { score: 5 } });
    const verdicts = [1, 2, 3].map((position) => one.judge(stepAt(position))?.verdict);
    expect(verdicts).toEqual(["clear", "error", undefined]);
    expect(one.summary()).toMatchObject({
      score: 0.5,
      position: 1,
      fired: false,
      error: "not_finite: the score is NaN",
    });
    expect(one.samples.map(({ verdict }) => verdict)).toEqual(["clear", "error"]);
  });

  it("reports a step that takes longer than its budget as a time-out, also where it had nothing to say", () => {
    for (const raw of [{ score: 0 }, undefined]) {
      const clock = manualClock();
      const one = watch({ 1: () => clock.take(1001, { score: 0 })() && raw }, { now: clock.now });
      expect(one.judge(stepAt(1))).toMatchObject({
        verdict: "error",
        errorType: "timeout",
        message: "one step took 1001 ms, over 1000",
      });
    }
  });

  it("lets a late firing stand, since an error might be let pass", () => {
    const clock = manualClock();
    const one = watch({ 1: clock.take(5000, { score: 3 }) }, { now: clock.now });
    expect(one.judge(stepAt(1))?.verdict).toBe("fired");
  });

  it("counts every run with its seconds and its side", () => {
    const clock = manualClock();
    const one = watch({ 1: clock.take(250, { score: 0 }), 2: clock.take(500, { score: 2 }) }, { now: clock.now });
    one.judge(stepAt(1, { phase: "both" }));
    one.judge(stepAt(2));
    expect(one.samples).toEqual([
      { detector: "a", phase: "prompt", verdict: "clear", errorType: "", seconds: 0.25 },
      { detector: "a", phase: "generation", verdict: "fired", errorType: "", seconds: 0.5 },
    ]);
  });

  it("sums up with the largest score, its place and its tap", () => {
    const one = watch({ 1: { score: -4, tap: "1.attn_out" }, 2: { score: -2, tap: "2.mlp_out" }, 3: { score: -3 } });
    expect(one.summary()).toMatchObject({ score: null, position: null, tap: null, fired: false, error: null });
    for (const position of [1, 2, 3]) one.judge(stepAt(position));
    expect(one.summary()).toEqual({
      detector: "a",
      hash: "0123456789abcdef",
      score: -2,
      position: 2,
      tap: "2.mlp_out",
      fired: false,
      error: null,
    });
  });
});
