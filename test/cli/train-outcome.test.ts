import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { definitionText, outlineTraining, provisionalThreshold } from "../../src/cli/train-outcome.ts";
import type { TrainRun } from "../../src/cli/train-run.ts";
import type { DetectorEvaluation } from "../../src/evaluation/evaluation.ts";

const recipe = { set: { name: "mix", taps: ["5.attn_out"] }, pool: "mean", lambda: 0.3, auroc: 0.9 } as const;
const aggregate = { type: "mean", window: 8, start: -0.5 } as const;

// 200 rows, label 0 first, whose held-out scores are 0 to 199.
function makeRun(): TrainRun {
  const labels = Uint8Array.from({ length: 200 }, (_, row) => (row < 100 ? 0 : 1));
  const rows = Array.from(labels, (label, row) => ({ id: `r${row}`, label, form: "raw" }));
  const run = {
    rows: {
      rows,
      labels,
      scored: new Uint8Array(200).fill(1),
      groups: rows.map(({ id }) => id),
      files: [{ file: "examples.jsonl", sha256: "ab".repeat(32), rows: 200 }],
    },
    probe: { taps: ["5.attn_out"], recipe, aggregate },
    nested: { scores: Float64Array.from({ length: 200 }, (_, row) => row), folds: [{ recipe, aggregate }] },
  };
  return run as unknown as TrainRun;
}

const share = { value: 0.9, low: 0.8, high: 0.95 };
const tier = {
  tier: "all",
  rows: 100,
  auroc: share,
  recallAt1: share,
  recallAt01: null,
  flagged: share,
  aborted: share,
};
const evaluation = { forms: [{ form: "raw", overall: tier, tiers: [tier] }] } as unknown as DetectorEvaluation;

describe("what training gives", () => {
  it("is a threshold that 1 % of the held-out rows without the concept reach", () => {
    const threshold = provisionalThreshold(makeRun());
    const reached = Array.from({ length: 100 }, (_, score) => score).filter((score) => score >= threshold);
    expect(threshold).toBeCloseTo(98.01, 6);
    expect(reached).toEqual([99]);
  });

  it("leaves rows that were only learned from out of the threshold", () => {
    const run = makeRun();
    run.nested.scores[99] = NaN;
    expect(provisionalThreshold(run)).toBeCloseTo(97.02, 6);
  });

  it("is a definition that says where it comes from and that it is not calibrated", () => {
    const text = definitionText("tenancy", makeRun(), {
      description: 'Says "no": always.',
      positions: "both",
      data: ["examples.jsonl"],
      threshold: 2.5,
    });
    expect(text).toContain(`sha256 ${"ab".repeat(8)}`);
    expect(parse(text)).toEqual({
      description: 'Says "no": always.',
      kind: "probe",
      options: { file: "tenancy.safetensors" },
      positions: "both",
      aggregate,
      threshold: 2.5,
      calibration: { status: "uncalibrated", note: expect.stringContaining("lensgate detectors calibrate tenancy") },
    });
  });

  it("is never a threshold that the start value already reaches", () => {
    const run = makeRun();
    const late = { ...run, probe: { ...run.probe, aggregate: { ...aggregate, start: 500 } } };
    expect(provisionalThreshold(late)).toBeCloseTo(500.001, 9);
  });

  it("says how many held-out rows reached the threshold", () => {
    const text = definitionText("tenancy", makeRun(), { positions: "both", data: ["a"], threshold: 98.01 });
    expect(text).toContain("1 of 100 held-out rows without the concept reached the threshold");
  });

  it("prints intervals, and says when groups are few", () => {
    const lines = outlineTraining("tenancy", makeRun(), { threshold: 2.5, evaluation });
    expect(lines.join("\n")).toContain("raw: AUROC 0.900 [0.800, 0.950], recall at 1 % false alarms 0.900");
    expect(lines.join("\n")).not.toContain("groups are few");
    const run = makeRun();
    const few = { ...run, rows: { ...run.rows, groups: run.rows.groups.map((_, row) => `g${row % 12}`) } };
    expect(outlineTraining("tenancy", few, { threshold: 2.5, evaluation }).join("\n")).toContain("12 groups are few");
  });
});
