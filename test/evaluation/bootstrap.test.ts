import { describe, expect, it } from "vitest";
import { bootstrap, plainStatistic, quantile, type Sample } from "../../src/evaluation/bootstrap.ts";
import { auroc, rankedAuroc, rankedRecall } from "../../src/training/rates.ts";

/** n rows of a normal-looking score, half of them positive and `shift` higher; groups of `size` rows. */
function sampleOf(n: number, shift: number, size = 1): Sample {
  const noise = (row: number) =>
    [1, 2, 3, 4].reduce((sum, k) => sum + (Math.abs(Math.sin(row * k * 12.9898) * 43758.5453) % 1), -2);
  const labels = Array.from({ length: n }, (_, row) => Math.floor(row / size) % 2);
  return {
    labels,
    scores: labels.map((label, row) => noise(Math.floor(row / size) + 1) + label * shift),
    groups: labels.map((_, row) => `g${Math.floor(row / size)}`),
  };
}

const one = (sample: Sample, seed = 1) =>
  bootstrap(sample, [rankedAuroc], { seed })[0] ?? { value: 0, low: 0, high: 0 };

describe("the bootstrap over groups", () => {
  it("has about the width of the known standard error of AUROC", () => {
    const { value, low, high } = one(sampleOf(400, 0.5));
    // Hanley and McNeil 1982.
    const [q1, q2] = [value / (2 - value), (2 * value ** 2) / (1 + value)];
    const error = Math.sqrt((value * (1 - value) + 199 * (q1 - value ** 2) + 199 * (q2 - value ** 2)) / 200 ** 2);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect((high - low) / (2 * 1.96 * error)).toBeGreaterThan(0.85);
    expect((high - low) / (2 * 1.96 * error)).toBeLessThan(1.15);
  });

  it("does not take copies within a group for evidence", () => {
    const once = one(sampleOf(100, 0.5));
    const copied = one(sampleOf(500, 0.5, 5));
    expect(copied.value).toBeCloseTo(once.value, 10);
    expect((copied.high - copied.low) / (once.high - once.low)).toBeCloseTo(1, 1);
  });

  it("gives equal intervals for equal seeds and others for others", () => {
    const sample = sampleOf(60, 0.5);
    expect(one(sample, 7)).toEqual(one(sample, 7));
    expect(one(sample, 7)).not.toEqual(one(sample, 8));
  });

  it("takes any statistic of plain scores and labels", () => {
    const sample = sampleOf(80, 0.4);
    const [ranked, plain] = bootstrap(sample, [rankedAuroc, plainStatistic(auroc)], { draws: 50 });
    expect(plain).toEqual(ranked);
  });

  it("keeps both classes in every draw, with one positive group among many", () => {
    const rows = Array.from({ length: 20 }, (_, row) => row);
    const sample = { scores: rows, labels: rows.map((row) => (row === 0 ? 1 : 0)), groups: rows.map(String) };
    const [interval] = bootstrap(sample, [(ranked, counts) => rankedRecall(ranked, 0.01, counts)]);
    expect(interval).toEqual({ value: 0, low: 0, high: 0 });
  });

  it("draws a thousand times from 3,000 rows in less than a second", () => {
    const sample = sampleOf(3000, 0.5);
    const start = performance.now();
    one(sample);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("refuses one group, one class, NaN and another number of groups", () => {
    const sample = { scores: [1, 2, 3, 4], labels: [0, 1, 0, 1], groups: ["a", "a", "a", "a"] };
    expect(() => one(sample)).toThrow("all rows belong to one group");
    expect(() => one({ ...sample, labels: [1, 1, 1, 1] })).toThrow("both classes are needed");
    expect(() => one({ ...sample, scores: [1, NaN, 3, 4] })).toThrow("the score of row 1 is NaN");
    expect(() => one({ ...sample, groups: ["a"] })).toThrow("1 groups for 4 rows");
  });
});

describe("a quantile", () => {
  it("is linear between values, as numpy has it", () => {
    // numpy: np.quantile([1, 2, 4, 8], [0, .1, .5, .9, 1])
    expect([0, 0.1, 0.5, 0.9, 1].map((share) => Number(quantile([1, 2, 4, 8], share).toFixed(9)))).toEqual([
      1, 1.3, 3, 6.8, 8,
    ]);
    expect(quantile([], 0.5)).toBeNaN();
    expect(quantile([-Infinity, Infinity, Infinity], 0.9)).toBe(Infinity);
  });
});
