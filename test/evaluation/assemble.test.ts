import { describe, expect, it } from "vitest";
import {
  assembleEvaluation,
  assembleForm,
  type EvaluationParts,
  type ScoredRow,
} from "../../src/evaluation/assemble.ts";
import { auroc, binomialInterval, recallAt } from "../../src/training/rates.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);
const row = (at: number, fields: Partial<ScoredRow>): ScoredRow => ({
  id: `r${at}`,
  tier: "",
  group: `g${at}`,
  label: 0,
  score: 0,
  text: `text ${at}`,
  at: `around ${at}`,
  ...fields,
});
const noise = (at: number) => Math.abs(Math.sin(at * 12.9898) * 43758.5453) % 1;
const positives = upTo(60).map((at) =>
  row(at, { label: 1, tier: at < 20 ? "hard" : "easy", score: noise(at) + (at < 20 ? 0.3 : 0.9) }),
);
const negatives = upTo(90).map((at) =>
  row(100 + at, { tier: at % 3 === 0 ? "decoy" : "plain", score: noise(100 + at) }),
);
const rows = [...negatives, ...positives];
const thresholds = { flag: 0.95, abort: 1.4 };
const form = {
  form: "chat" as const,
  rows,
  baselines: [{ name: "words", scores: rows.map(({ id }) => noise(Number(id.slice(1)))) }],
};
const scoresOf = (of: readonly ScoredRow[]) => of.map(({ score }) => score);

describe("the result of a form", () => {
  const result = assembleForm(form, thresholds, { draws: 200 });

  it("measures every tier of positives against all negatives", () => {
    expect(result).toMatchObject({ form: "chat", positives: 60, negatives: 90 });
    expect(result.tiers.map(({ tier, rows: count }) => [tier, count])).toEqual([
      ["easy", 40],
      ["hard", 20],
    ]);
    const hard = positives.slice(0, 20);
    const expected = auroc(
      [...scoresOf(hard), ...scoresOf(negatives)],
      [...hard.map(() => 1), ...negatives.map(() => 0)],
    );
    expect(result.tiers[1]?.auroc.value).toBeCloseTo(expected, 12);
    expect(result.tiers[1]?.recallAt1.value).toBe(recallAt(scoresOf(hard), scoresOf(negatives), 0.01).recall);
    expect(result.overall.auroc.value).toBeGreaterThan(expected);
    for (const { auroc: interval } of [result.overall, ...result.tiers]) {
      expect(interval.low <= interval.value && interval.value <= interval.high && interval.low < interval.high).toBe(
        true,
      );
    }
  });

  it("counts at the thresholds, where a score on the threshold fires", () => {
    const flagged = positives.filter(({ score }) => score >= 0.95).length;
    expect(result.overall.flagged).toEqual(binomialInterval(flagged, 60));
    expect(result.overall.aborted.value).toBeLessThan(result.overall.flagged.value);
    expect(result.falseAlarms.map(({ tier, rows: count }) => [tier, count])).toEqual([
      ["decoy", 30],
      ["plain", 60],
    ]);
    const plain = negatives.filter(({ tier }) => tier === "plain");
    expect(result.falseAlarms[1]?.flagged.value).toBe(plain.filter(({ score }) => score >= 0.95).length / 60);
    const edge = assembleForm(
      { ...form, baselines: [] },
      { flag: positives[0]?.score ?? NaN, abort: 9 },
      { draws: 10 },
    );
    expect(edge.mistakes.map(({ id }) => id)).not.toContain("r0");
  });

  it("does not speak of 0.1 % with fewer than 1,000 negatives", () => {
    expect(result.overall.recallAt01).toBeNull();
    const more = upTo(1000).map((at) => row(1000 + at, { score: noise(at) / 2 }));
    const large = assembleForm({ ...form, rows: [...rows, ...more], baselines: [] }, thresholds, { draws: 20 });
    expect(large.overall.recallAt01?.value).toBe(
      recallAt(scoresOf(positives), scoresOf([...negatives, ...more]), 0.001).recall,
    );
  });

  it("has the baselines, the curve and the histogram of the same rows", () => {
    expect(result.baselines[0]).toMatchObject({ name: "words" });
    expect(result.baselines[0]?.auroc.value).toBeLessThan(0.7);
    expect(result.roc.at(-1)).toEqual([1, 1]);
    expect(result.histogram.positives.reduce((sum, count) => sum + count, 0)).toBe(60);
  });

  it("shows the worst mistakes of both kinds, worst first, with shortened texts", () => {
    const long = "😀".repeat(300);
    const wrong = assembleForm(
      { ...form, rows: [...rows, row(900, { score: 5, text: long, at: long })], baselines: [] },
      thresholds,
      {
        draws: 10,
      },
    );
    const [first] = wrong.mistakes;
    expect(first).toMatchObject({
      id: "r900",
      label: 0,
      score: 5,
      text: `${"😀".repeat(239)}…`,
      at: `${"😀".repeat(239)}…`,
    });
    const missed = wrong.mistakes.filter(({ label }) => label === 1).map(({ score }) => score);
    expect(missed).toEqual(missed.toSorted((left, right) => left - right));
    expect(missed.length).toBe(10);
    expect(Math.min(...missed)).toBe(Math.min(...scoresOf(positives)));
  });

  it("is refused for one class and for scores that are not finite", () => {
    expect(() => assembleForm({ ...form, rows: positives, baselines: [] }, thresholds)).toThrow(
      "both classes are needed",
    );
    const bad = [...rows, row(5, { score: NaN })];
    expect(() => assembleForm({ ...form, rows: bad }, thresholds)).toThrow(
      "row r5 has the score NaN: it must be finite",
    );
  });
});

describe("an evaluation", () => {
  const parts: EvaluationParts = {
    detector: "country-probe",
    hash: "ab",
    description: "A country.",
    kind: "probe",
    model: "m",
    precision: "int8",
    thresholds,
    data: [{ file: "a.jsonl", sha256: "cd", rows: 150 }],
    forms: [form],
    ordinary: { text: "wikitext", tokens: 4000, alarms: 2 },
    onsets: [{ onset: 3, fired: 4 }],
    notes: ["made by hand"],
  };

  it("keeps who the detector is, and adds forms, alarms per 1,000 tokens, onsets and notes", () => {
    const evaluation = assembleEvaluation(parts, { draws: 20 });
    expect(evaluation).toMatchObject({
      detector: "country-probe",
      data: parts.data,
      ordinary: { tokens: 4000, alarms: 2 },
    });
    expect(evaluation.forms[0]?.positives).toBe(60);
    expect(evaluation.ordinary?.per1000.value).toBe(0.5);
    // scipy 1.17.1: beta.ppf(.975, 3, 3998) * 1000
    expect(evaluation.ordinary?.per1000.high).toBeCloseTo(1.8049927162640356, 9);
    expect(evaluation.onset).toMatchObject({ rows: 1, delays: [1] });
    expect(evaluation.notes).toEqual([
      "made by hand",
      "chat: 90 negatives say nothing of a false-alarm rate of 0.1 %: that takes 1000",
    ]);
    expect(Object.keys(evaluation)).not.toContain("onsets");
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("says where groups are few, and what was not measured is null", () => {
    const few = { ...form, rows: rows.map((entry) => ({ ...entry, group: `g${entry.score > 0.5}${entry.label}` })) };
    const evaluation = assembleEvaluation({ ...parts, forms: [few], ordinary: null, onsets: null }, { draws: 20 });
    expect(evaluation.ordinary).toBeNull();
    expect(evaluation.onset).toBeNull();
    expect(evaluation.notes).toContain("chat: the positives come from 2 groups: intervals by so few are too narrow");
    expect(evaluation.notes).toContain("chat: the negatives come from 2 groups: intervals by so few are too narrow");
  });
});
