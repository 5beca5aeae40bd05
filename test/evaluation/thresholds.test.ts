import { describe, expect, it } from "vitest";
import { drawsFrom } from "../../src/training/random.ts";
import { binomialUpper } from "../../src/training/rates.ts";
import { abortThreshold, flagThreshold, percentilesOf } from "../../src/evaluation/thresholds.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, at) => at);
const alarmsOf = (scores: readonly number[], threshold: number) => scores.filter((score) => score >= threshold).length;

describe("the threshold that carries a claim", () => {
  it("allows no alarm among 2,995 replies at 0.1 %, and lies above the highest score by the mean gap of the ten highest", () => {
    const { threshold, alarms, replies, upper } = abortThreshold(upTo(2995).toReversed(), { rate: 0.001 });
    expect({ threshold, alarms, replies }).toEqual({ threshold: 2995, alarms: 0, replies: 2995 });
    expect(upper).toBeCloseTo(0.000999744420901142, 9);
  });

  it("refuses the claim with one reply fewer, and says how many are needed", () => {
    expect(() => abortThreshold(upTo(2994), { rate: 0.001 })).toThrow(
      "a false-alarm rate of 0.1 % at 95 % confidence needs 2995 distinct replies without the concept: there are 2994",
    );
    expect(() => abortThreshold([], { rate: 0.01 })).toThrow("needs 299 distinct replies");
  });

  it("is the lowest one: as many alarms as the bound bears, and one more would break it", () => {
    const scores = upTo(3000);
    const { threshold, alarms, upper } = abortThreshold(scores, { rate: 0.01 });
    expect(alarms).toBe(alarmsOf(scores, threshold));
    expect(upper).toBeLessThanOrEqual(0.01);
    expect(binomialUpper(alarms + 1, 3000, 0.95)).toBeGreaterThan(0.01);
    // Halfway between the lowest that alarms and the highest that does not.
    expect(threshold).toBe(3000 - alarms - 0.5);
  });

  it("lets equal scores alarm together or not at all", () => {
    const scores = upTo(3000).map((score) => Math.floor(score / 100));
    const { threshold, alarms } = abortThreshold(scores, { rate: 0.01 });
    expect(alarms).toBe(0);
    expect(threshold).toBeGreaterThan(29);
    expect(abortThreshold(scores, { rate: 0.05 }).alarms).toBe(100);
    expect(abortThreshold(upTo(300).fill(2), { rate: 0.01 }).threshold).toBeGreaterThan(2);
  });

  it("keeps its claim: of 400 calibrations at most about 5 % let through more than the rate", () => {
    const draw = drawsFrom(11);
    // Uniform scores: the true false-alarm rate of a threshold is what lies above it.
    const broken = upTo(400).filter(() => {
      const scores = Array.from({ length: 500 }, () => draw(2 ** 30) / 2 ** 30);
      return 1 - abortThreshold(scores, { rate: 0.02 }).threshold > 0.02;
    }).length;
    // 20 expected at the most, standard deviation 4.4.
    expect(broken).toBeLessThan(34);
  });

  it("parts neighbours that no number lies between", () => {
    const scores = [...upTo(1000).map(() => 1), 1 + Number.EPSILON];
    const { threshold, alarms } = abortThreshold(scores, { rate: 0.01 });
    expect(alarms).toBe(1);
    expect(alarmsOf(scores, threshold)).toBe(1);
  });

  it("refuses NaN, infinity and rates that are none", () => {
    expect(() => abortThreshold([...upTo(400), NaN], { rate: 0.01 })).toThrow(
      "the score of reply 400 is NaN: it must be finite",
    );
    expect(() => abortThreshold([Infinity, ...upTo(400)], { rate: 0.01 })).toThrow("is Infinity");
    expect(() => abortThreshold(upTo(400), { rate: 0 })).toThrow("must lie between 0 and 1");
  });
});

describe("the threshold of a review budget", () => {
  it("gives as many alarms as people can look at", () => {
    const scores = upTo(4000);
    const { threshold, alarms, replies, perDay } = flagThreshold(scores, { reviewsPerDay: 50, repliesPerDay: 20_000 });
    expect({ threshold, alarms, replies }).toEqual({ threshold: 3989.5, alarms: 10, replies: 4000 });
    expect(perDay.value).toBeCloseTo(50, 9);
    // scipy 1.17.1: beta.ppf(.025, 10, 3991) * 20000, beta.ppf(.975, 11, 3990) * 20000
    expect(perDay.low).toBeCloseTo(23.98955784101181, 6);
    expect(perDay.high).toBeCloseTo(91.8553536022851, 6);
  });

  it("flags all where all can be looked at", () => {
    expect(flagThreshold([3, 1, 2], { reviewsPerDay: 10, repliesPerDay: 5 })).toMatchObject({
      threshold: 1,
      alarms: 3,
    });
  });

  it("refuses a budget that so few replies cannot show, and numbers that are none", () => {
    expect(() => flagThreshold(upTo(100), { reviewsPerDay: 50, repliesPerDay: 20_000 })).toThrow(
      "50 reviews of 20000 replies a day are 0.25 %: at least 400 distinct ordinary replies are needed, there are 100",
    );
    expect(() => flagThreshold(upTo(100), { reviewsPerDay: 0, repliesPerDay: 5 })).toThrow("both must be more than 0");
    expect(() => flagThreshold([NaN], { reviewsPerDay: 5, repliesPerDay: 5 })).toThrow("it must be finite");
  });
});

describe("percentiles", () => {
  it("say which score so much of ordinary text lies below", () => {
    expect(percentilesOf(upTo(1001)).map(([share, score]) => [share, Number(score.toFixed(6))])).toEqual(
      [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100].map((share) => [share, share * 10]),
    );
    expect(() => percentilesOf([])).toThrow("there are no scores");
  });
});
