import { describe, expect, it } from "vitest";
import { wordBaseline } from "../../src/evaluation/word-baseline.ts";
import { auroc } from "../../src/training/rates.ts";

const rows = Array.from({ length: 40 }, (_, index) => {
  const label = index % 2;
  return { text: `${label === 1 ? "sushi" : "gravel"} number ${index}`, label, group: `g${Math.floor(index / 2)}` };
});

function baselineOf(of: readonly { text: string; label: number; group: string }[]): Float64Array | undefined {
  return wordBaseline({
    texts: of.map(({ text }) => text),
    labels: Uint8Array.from(of, ({ label }) => label),
    groups: of.map(({ group }) => group),
  });
}

describe("wordBaseline", () => {
  it("tells texts apart by words of other groups, the same every time", () => {
    const labels = rows.map(({ label }) => label);
    const scores = baselineOf(rows) ?? [];
    expect(auroc(scores, labels)).toBe(1);
    expect(baselineOf(rows)).toEqual(scores);
  });

  it("learns nothing from a text's own group", () => {
    // Each word stands in one group alone: without the group, nothing is known of it.
    const own = rows.map((row, index) => ({ ...row, text: `word${Math.floor(index / 2)}${row.label}` }));
    const scores = baselineOf(own) ?? new Float64Array(0);
    expect(scores).toHaveLength(40);
    expect(
      auroc(
        scores,
        own.map(({ label }) => label),
      ),
    ).toBe(0.5);
  });

  it("gives nothing where a group left out leaves one class, or there is one group", () => {
    expect(baselineOf(rows.map((row) => ({ ...row, group: "all" })))).toBeUndefined();
    expect(baselineOf(rows.map((row) => ({ ...row, group: `label ${row.label}` })))).toBeUndefined();
    expect(baselineOf(rows.slice(0, 4))).toBeUndefined();
  });

  it("looks at the beginning alone when texts are very long", () => {
    const late = rows.map((row) => ({ ...row, text: `${"x".repeat(1_100_000)} ${row.text}` }));
    const scores = baselineOf(late) ?? new Float64Array(0);
    expect(new Set(scores.map((score) => Number(score.toFixed(6)))).size).toBe(1);
  });
});
