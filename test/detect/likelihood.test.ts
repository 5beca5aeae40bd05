import { describe, expect, it } from "vitest";
import { likelihoodSchema, logRatioAt } from "../../src/detect/likelihood.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

const CURVE = { scores: [-2, 0, 1, 5], log_ratios: [-3, 0, 4, 2] };

describe("logRatioAt", () => {
  it.each([
    [-2, -3],
    [-1, -1.5],
    [0, 0],
    [0.25, 1],
    [1, 4],
    [3, 3],
    [5, 2],
  ])("goes in proportion between points: %d", (score, expected) => {
    expect(logRatioAt(CURVE, score)).toBeCloseTo(expected, 12);
  });

  it("stays at the ends beyond them, and does not make something of nothing", () => {
    expect([-99, -Infinity, 99, Infinity].map((score) => logRatioAt(CURVE, score))).toEqual([-3, -3, 2, 2]);
    expect(logRatioAt(CURVE, Number.NaN)).toBeNaN();
    expect(logRatioAt({ scores: [1], log_ratios: [7] }, 0)).toBe(7);
  });

  it("finds the same as a search from the beginning, over many points", () => {
    const scores = seededNumbers(1, 200).toSorted((left, right) => left - right);
    const ratios = seededNumbers(2, 200);
    for (const score of seededNumbers(3, 200)) {
      const above = scores.findIndex((each) => each > score);
      const [from = 0, to = 0] = [scores[above - 1], scores[above]];
      const [low = 0, high = 0] = [ratios[above - 1], ratios[above]];
      const expected = above <= 0 ? ratios.at(above) : low + ((score - from) / (to - from)) * (high - low);
      expect(logRatioAt({ scores, log_ratios: ratios }, score)).toBeCloseTo(expected ?? 0, 12);
    }
  });
});

describe("likelihoodSchema", () => {
  it("says what is wrong with a curve", () => {
    const messageOf = (curve: object) => likelihoodSchema.safeParse(curve).error?.issues[0]?.message.split("\n")[0];
    expect(messageOf({ scores: [1, 2], log_ratios: [1] })).toBe("scores and log_ratios differ in length");
    expect(messageOf({ scores: [2, 1], log_ratios: [1, 2] })).toBe("the scores are not in ascending order");
    expect(messageOf(CURVE)).toBeUndefined();
  });
});
