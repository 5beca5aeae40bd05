import { describe, expect, it } from "vitest";
import type { OverseerReport } from "../../src/cli/overseer-run.ts";
import { LIMITS, overseerLines } from "../../src/cli/overseer-table.ts";

const interval = (value: number, spread = 0) => ({ value, low: value - spread, high: value + spread });
const estimate = (median: number) => ({ median, low: median / 2, high: median * 2 });
const leak = (left: number) => ({
  replies: 4,
  stopped: 2,
  median: interval(left, 1),
  mean: interval(left + 0.5, 1),
  stoppedTokens: 32,
  everyMean: interval(20, 2),
});
const none = { ...leak(0), stopped: 0, median: null, mean: null, stoppedTokens: null };

const REPORT: OverseerReport = {
  model: "a-model",
  precision: "fast",
  data: [{ file: "some/rows.jsonl", sha256: "", rows: 8 }],
  seed: 3,
  replyTokens: 32,
  holdTokens: 2,
  choosing: { positives: 3, negatives: 5 },
  scored: { positives: 4, negatives: 6 },
  detectors: [
    {
      detector: "harm",
      description: "Asks for \u001B[31mharm.",
      question: "Is it harm?",
      learnedFrom: ["some/rows.jsonl"],
      byDetector: {
        threshold: 2.667,
        auroc: interval(0.9, 0.05),
        recall: interval(0.5, 0.25),
        falseAlarms: interval(0.01, 0.01),
        leak: leak(3),
      },
      byJudge: {
        threshold: -0.5,
        auroc: interval(0.6, 0.05),
        recall: interval(0, 0),
        falseAlarms: interval(0.01, 0.01),
        leak: none,
        heldBack: { ...none, everyMean: interval(31.5, 0.5) },
      },
    },
  ],
  costs: {
    replyMs: estimate(280),
    decodeMs: estimate(7.3),
    detectorsMs: estimate(20),
    detectorsTokenMs: estimate(0.6),
    detectorsShare: estimate(0.08),
    judgeMs: estimate(90),
    judgeShare: estimate(0.3),
    questionsShare: estimate(0.6),
    heldBackMs: estimate(350),
  },
};

const cellsOf = (lines: readonly string[], name: string) =>
  lines
    .find((line) => line.trim().startsWith(name))
    ?.trim()
    .split(/ {2,}/)
    .slice(1);

describe("the table of a comparison", () => {
  const lines = overseerLines(REPORT);

  it("says what was read, and on how many rows", () => {
    expect(lines.slice(0, 3)).toEqual([
      "a-model, fast precision; rows.jsonl",
      "thresholds chosen on 8 rows (3 with the concept), figures of 10 rows (4 with the concept), no group on both sides; seed 3; 95 % intervals",
      "replies of at most 32 tokens where the row has none; hold_tokens 2",
    ]);
  });

  it("has detector and judge side by side", () => {
    expect(cellsOf(lines, "detector ")).toEqual(["text judge"]);
    expect(cellsOf(lines, "threshold ")).toEqual(["2.667", "-0.5"]);
    expect(cellsOf(lines, "AUROC")).toEqual(["0.900 (0.850 to 0.950)", "0.600 (0.550 to 0.650)"]);
    expect(cellsOf(lines, "recall")).toEqual(["50.0 % (25.0 to 75.0 %)", "0.0 % (0.0 to 0.0 %)"]);
    expect(cellsOf(lines, "tokens that left a caught reply, median")).toEqual(["3 (2 to 4) of 32", "none caught"]);
    expect(cellsOf(lines, "held back until")).toEqual(["–", "31.5 (31 to 32)"]);
  });

  it("says that rows were learned from, and lets no escape sequence through", () => {
    expect(lines).toContain("  note: harm learned from rows.jsonl; on new rows it does worse");
    expect(lines).toContain("harm: Asks for ⟨U+001B⟩[31mharm.");
  });

  it("puts costs side by side, and with several detectors says what all questions cost", () => {
    expect(cellsOf(lines, "share of making")).toEqual(["0.080 [0.040, 0.160]", "0.300 [0.150, 0.600]"]);
    expect(cellsOf(lines, "first token later")).toEqual(["–", "350 [175, 700]"]);
    expect(lines.some((line) => line.includes("questions"))).toBe(false);
    const [one] = REPORT.detectors;
    if (one === undefined) throw new Error("there is no detector");
    const two = overseerLines({ ...REPORT, detectors: [one, { ...one, detector: "lie" }] });
    expect(cellsOf(two, "all 2 questions")).toEqual(["–", "0.600 [0.300, 1.200]"]);
    expect(two.some((line) => line.includes("2 detectors together"))).toBe(true);
  });

  it("ends with what it does not show", () => {
    expect(lines.slice(-LIMITS.length)).toEqual(LIMITS);
  });
});
