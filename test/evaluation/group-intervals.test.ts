import { describe, expect, it } from "vitest";
import { groupedShare, separationOf } from "../../src/evaluation/group-intervals.ts";
import { binomialInterval } from "../../src/training/rates.ts";
import { drawsFrom } from "../../src/training/random.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);

describe("the separation of two classes", () => {
  it("does not claim certainty from ten rows of each class that part perfectly", () => {
    const rows = upTo(20);
    const sample = { scores: rows, labels: rows.map((row) => Number(row >= 10)), groups: rows.map(String) };
    const { auroc, recallAt1 } = separationOf(sample);
    // Ten independent pairs in order: 0.025 ** (1 / 10).
    expect(auroc).toEqual({ value: 1, low: expect.closeTo(0.6915, 4), high: 1 });
    expect(recallAt1.low).toBeCloseTo(0.6915, 4);
    const turned = separationOf({ ...sample, labels: sample.labels.map((label) => 1 - label) });
    expect(turned.auroc).toEqual({ value: 0, low: 0, high: expect.closeTo(0.3085, 4) });
  });

  it("knows nothing from one group", () => {
    expect(separationOf({ scores: [1, 2, 3, 4], labels: [0, 1, 0, 1], groups: ["a", "a", "a", "a"] }).auroc).toEqual({
      value: 0.75,
      low: 0,
      high: 1,
    });
  });

  it("holds the true value in about 95 of 100 samples", () => {
    const draw = drawsFrom(3);
    const normal = () => upTo(12).reduce((sum) => sum + draw(2 ** 20) / 2 ** 20, -6);
    const held = upTo(100).filter(() => {
      const rows = upTo(120);
      const labels = rows.map((row) => row % 2);
      const scores = labels.map((label) => normal() + label);
      const { auroc } = separationOf({ scores, labels, groups: rows.map(String) }, { draws: 300 });
      // Φ(1 / √2)
      return auroc.low <= 0.7602 && auroc.high >= 0.7602;
    }).length;
    expect(held).toBeGreaterThanOrEqual(88);
  });

  it("is refused for one class", () => {
    expect(() => separationOf({ scores: [1, 2], labels: [1, 1], groups: ["a", "b"] })).toThrow(
      "both classes are needed",
    );
  });
});

describe("a share of grouped rows", () => {
  it("has the exact binomial interval where every row is a group", () => {
    const fired = upTo(50).map((row) => row < 3);
    expect(groupedShare(fired, upTo(50).map(String))).toEqual(binomialInterval(3, 50));
  });

  it("counts copies as one row", () => {
    const single = upTo(40).map((row) => row % 4 === 0);
    const copied = single.flatMap((hit) => upTo(10).map(() => hit));
    const groups = upTo(400).map((row) => `${Math.floor(row / 10)}`);
    const { value, low, high } = groupedShare(copied, groups);
    const { low: exactLow, high: exactHigh } = binomialInterval(10, 40);
    expect(value).toBe(0.25);
    // 39 instead of 40: the variance between groups is estimated.
    expect(Math.abs(low - exactLow)).toBeLessThan(0.01);
    expect(Math.abs(high - exactHigh)).toBeLessThan(0.01);
    // With no alarm at all, the groups count.
    expect(
      groupedShare(
        copied.map(() => false),
        groups,
      ),
    ).toEqual(binomialInterval(0, 40));
    expect(
      groupedShare(
        copied.map(() => true),
        groups,
      ),
    ).toEqual(binomialInterval(40, 40));
  });

  it("is never narrower than that of rows alone, and knows nothing from one group", () => {
    const fired = upTo(40).map((row) => row % 2 === 0);
    const exact = binomialInterval(20, 40);
    // Groups that are all alike vary less than chance would.
    const paired = groupedShare(
      fired,
      upTo(40).map((row) => `${Math.floor(row / 2)}`),
    );
    expect(paired).toEqual({ value: 0.5, low: expect.closeTo(exact.low, 10), high: expect.closeTo(exact.high, 10) });
    const { low, high } = groupedShare(
      fired,
      upTo(40).map(() => "one"),
    );
    expect(high - low).toBeGreaterThan(0.9);
  });

  it("is refused for no rows", () => {
    expect(() => groupedShare([], [])).toThrow("is no share");
  });
});
