import { describe, expect, it } from "vitest";
import { evaluationLines, tableLines } from "../../src/evaluation/evaluation-lines.ts";
import { interval, sampleEvaluation, sampleForm, sampleTier } from "./sample-evaluation.ts";

describe("evaluationLines", () => {
  it("says detector, thresholds, tiers with intervals, false alarms, baselines, onsets, alarms and notes", () => {
    const tier = sampleTier("implied", { rows: 1234, auroc: interval(0.875), recallAt01: null });
    const form = sampleForm({ form: "chat", tiers: [tier] });
    const evaluation = sampleEvaluation({ forms: [form], notes: ["few groups"] });
    const text = evaluationLines(evaluation).join("\n");
    expect(text.split("\n")[0]).toContain(`${evaluation.detector}  ${evaluation.kind}  flag `);
    expect(text).toContain("in the chat template (chat)");
    expect(text).toMatch(/ {2}implied +1,234 +0\.875 \(.*too few without/);
    for (const { tier: name } of form.falseAlarms) expect(text).toContain(`  ${name} `);
    for (const { name } of form.baselines) expect(text).toContain(`  ${name} `);
    expect(text).toContain("hold_tokens");
    expect(text).toMatch(/ordinary text: .* alarms in .* tokens, .* per 1,000/);
    expect(text).toContain("  note: few groups");
  });

  it("leaves out what was not measured", () => {
    const form = sampleForm({ form: "raw", baselines: [] });
    const text = evaluationLines(sampleEvaluation({ forms: [form], onset: null, ordinary: null, notes: [] })).join(
      "\n",
    );
    expect(text).toContain("as they stand (raw)");
    expect(text).not.toMatch(/hold_tokens|ordinary|note:|for comparison/);
  });
});

describe("tableLines", () => {
  it("makes columns as wide as their widest cell, without spaces at the end", () => {
    expect(
      tableLines([
        ["a", "bb", "c"],
        ["long", "x", ""],
      ]),
    ).toEqual(["  a     bb  c", "  long  x"]);
  });
});
