import { describe, expect, it } from "vitest";
import {
  auroc,
  binomialInterval,
  binomialUpper,
  distinctRepliesNeeded,
  rankedAuroc,
  rankedRecall,
  rankRows,
  recallAt,
} from "../../src/training/rates.ts";

const scores = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
const labels = [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1];

describe("AUROC", () => {
  it("is scikit-learn's, ties as half", () => {
    // sklearn 1.9.1: roc_auc_score(labels, scores)
    expect(auroc(scores, labels)).toBeCloseTo(0.84375, 12);
  });

  it("is 1 for a perfect order, 0 for the reverse, a half where all are equal, and the rest to 1 with signs turned", () => {
    expect(auroc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(auroc([1, 2, 3, 4], [1, 1, 0, 0])).toBe(0);
    expect(auroc([7, 7, 7], [0, 1, 1])).toBe(0.5);
    const turned = scores.map((score) => -score);
    expect(auroc(turned, labels)).toBeCloseTo(1 - auroc(scores, labels), 12);
  });

  it("of counted rows is that of rows written out", () => {
    const ranked = rankRows(scores, labels);
    const counts = Int32Array.from(scores, (_, at) => (at * 5) % 4);
    const rows = [...counts].flatMap((count, at) => Array.from({ length: count }, () => at));
    const written = [rows.map((at) => ranked.scores[at] ?? NaN), rows.map((at) => ranked.labels[at] ?? NaN)] as const;
    expect(rankedAuroc(ranked, counts)).toBeCloseTo(auroc(...written), 12);
    const [all, classes] = written;
    const positives = all.filter((_, at) => classes[at] === 1);
    const negatives = all.filter((_, at) => classes[at] === 0);
    expect(rankedRecall(ranked, 0.2, counts)).toBe(recallAt(positives, negatives, 0.2).recall);
  });

  it("takes infinite scores, and refuses NaN, one class and labels that are none", () => {
    expect(auroc([-Infinity, 1, Infinity, Infinity], [0, 0, 1, 0])).toBeCloseTo(2.5 / 3, 12);
    expect(() => auroc([1, NaN], [0, 1])).toThrow("the score of row 1 is NaN");
    expect(() => auroc([1, 2], [1, 1])).toThrow("2 positives among 2 rows: both classes are needed");
    expect(() => auroc([], [])).toThrow("both classes are needed");
    expect(() => auroc([1, 2], [0, 2])).toThrow("label 2 of row 1");
    expect(() => auroc([1, 2], [0])).toThrow("1 labels for 2 scores");
  });
});

describe("recall at a rate of false alarms", () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);

  // scan_scores.py: neg[min(len(neg) - 1, int(.99 * len(neg)))]
  it.each([
    [1, 0],
    [10, 9],
    [99, 98],
    [100, 99],
    [150, 148],
    [300, 297],
    [2995, 2965],
  ])("takes of %i ascending negatives the one at %i", (n, threshold) => {
    const { threshold: taken } = recallAt([0], upTo(n).toReversed(), 0.01);
    expect(taken).toBe(threshold);
    expect(upTo(n).filter((score) => score > taken).length / n).toBeLessThanOrEqual(0.01);
  });

  it("counts positives strictly above the threshold", () => {
    expect(recallAt([99, 99.5, 150, 3], upTo(100), 0.01)).toEqual({ recall: 0.5, threshold: 99 });
    expect(() => recallAt([], [1], 0.01)).toThrow("both classes are needed");
  });
});

describe("the exact interval of a share", () => {
  // scipy 1.17.1: beta.ppf(.025, k, n - k + 1), beta.ppf(.975, k + 1, n - k), beta.ppf(.95, k + 1, n - k)
  it.each([
    [0, 2995, 0, 0.0012309210779024428, 0.000999744420901142],
    [1, 2995, 8.45332252899526e-6, 0.0018588957937969368, 0.00158293841206524],
    [3, 50, 0.01254858783533406, 0.16548194660377288, 0.14783717636418123],
    [50, 50, 0.9288782635358024, 1, 1],
    [17, 462, 0.02157879614839007, 0.05826242262888517, 0.05468422092785396],
    [0, 1, 0, 0.975, 0.95],
    [500, 100_000, 0.0045722441500705875, 0.005456841177010281, 0.005382730759818748],
  ])("of %i in %i is scipy's to 1e-9", (k, n, low, high, upper) => {
    const interval = binomialInterval(k, n);
    expect(interval.value).toBe(k / n);
    expect(Math.abs(interval.low - low)).toBeLessThan(1e-9);
    expect(Math.abs(interval.high - high)).toBeLessThan(1e-9);
    expect(Math.abs(binomialUpper(k, n, 0.95) - upper)).toBeLessThan(1e-9);
  });

  it("mirrors: the bounds of k are those of n − k turned", () => {
    const [few, many] = [binomialInterval(7, 90, 0.99), binomialInterval(83, 90, 0.99)];
    expect(few.low).toBeCloseTo(1 - many.high, 12);
    expect(few.high).toBeCloseTo(1 - many.low, 12);
  });

  it.each([
    [-1, 5],
    [6, 5],
    [0, 0],
    [0.5, 5],
    [NaN, 5],
  ])("refuses %f of %f", (k, n) => {
    expect(() => binomialInterval(k, n)).toThrow("is no share");
    expect(() => binomialUpper(k, n, 0.95)).toThrow("is no share");
  });
});

describe("the distinct replies that a claim needs", () => {
  it("are 2,995 for 0.1 % and 299 for 1 % at 95 %, and one fewer would not do", () => {
    expect(distinctRepliesNeeded(0.001, 0.95)).toBe(2995);
    expect(distinctRepliesNeeded(0.01, 0.95)).toBe(299);
    expect(binomialUpper(0, 2995, 0.95)).toBeLessThanOrEqual(0.001);
    expect(binomialUpper(0, 2994, 0.95)).toBeGreaterThan(0.001);
  });

  it("are refused for a rate or a confidence outside 0 and 1", () => {
    expect(() => distinctRepliesNeeded(0, 0.95)).toThrow("must lie between 0 and 1");
    expect(() => distinctRepliesNeeded(0.1, 1)).toThrow("must lie between 0 and 1");
  });
});
