import { describe, expect, it } from "vitest";
import { likelihoodOf } from "../../src/evaluation/likelihood.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);
/** Quantiles of the logistic distribution around a centre: the log ratio of two of them is known. */
const logistic = (n: number, centre: number) => upTo(n).map((at) => centre + Math.log((at + 0.5) / (n - at - 0.5)));

describe("the likelihood of a score", () => {
  it("rises from knot to knot and follows the known ratio of two distributions", () => {
    const knots = likelihoodOf(logistic(2000, 1), logistic(2000, -1));
    expect(knots.length).toBeLessThanOrEqual(8);
    expect(knots.length).toBeGreaterThanOrEqual(6);
    for (const [at, [score, ratio]] of knots.entries()) {
      const before = knots[at - 1];
      if (before !== undefined) expect(score > before[0] && ratio > before[1]).toBe(true);
      const density = (x: number) => 1 / (Math.exp(x / 2) + Math.exp(-x / 2)) ** 2;
      // Bins are wide at the ends.
      expect(Math.abs(ratio - Math.log(density(score - 1) / density(score + 1)))).toBeLessThan(0.12);
    }
  });

  it("does not depend on how many rows a class has, but for what they can show", () => {
    const even = likelihoodOf(logistic(1000, 1), logistic(1000, -1));
    const skewed = likelihoodOf(logistic(1000, 1), logistic(9000, -1));
    expect(skewed.length).toBe(even.length);
    skewed.forEach(([, ratio], at) => expect(Math.abs(ratio - (even[at]?.[1] ?? NaN))).toBeLessThan(0.1));
  });

  it("is bounded by the number of rows where the classes part", () => {
    const knots = likelihoodOf(
      upTo(30).map((at) => 10 + at),
      upTo(300).map((at) => -at),
    );
    expect(Math.max(...knots.map(([, ratio]) => ratio))).toBeLessThanOrEqual(Math.log(301));
    expect(Math.min(...knots.map(([, ratio]) => ratio))).toBeGreaterThanOrEqual(-Math.log(31));
    expect(knots.at(-1)?.[1]).toBeGreaterThan(2);
  });

  it("is flat near 0 where the score tells nothing or runs the wrong way", () => {
    const same = likelihoodOf(logistic(500, 0), logistic(500, 0));
    for (const [, ratio] of same) expect(Math.abs(ratio)).toBeLessThan(0.1);
    const turned = likelihoodOf(logistic(500, -1), logistic(500, 1));
    expect(turned.length).toBe(1);
    expect(turned[0]?.[1]).toBeCloseTo(0, 10);
  });

  it("keeps equal scores in one knot", () => {
    expect(likelihoodOf([1, 1, 1, 1], [1, 1, 0, 0])).toEqual([
      [0, expect.closeTo(Math.log(0.5 / 5 / (2.5 / 5)), 10)],
      [1, expect.closeTo(Math.log(4.5 / 5 / (2.5 / 5)), 10)],
    ]);
  });

  it("is refused for an empty class and scores that are not finite", () => {
    expect(() => likelihoodOf([], [1])).toThrow("both classes are needed");
    expect(() => likelihoodOf([1, NaN], [1])).toThrow("a score is NaN");
    expect(() => likelihoodOf([1], [Infinity])).toThrow("a score is Infinity");
  });
});
