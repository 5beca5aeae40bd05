import { describe, expect, it } from "vitest";
import { aggregateSchema, createAggregate, startOf, type AggregateOptions } from "../../src/detect/aggregate.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

function pushAll(options: AggregateOptions, scores: readonly number[]): number[] {
  const aggregate = createAggregate(options);
  return scores.map((score) => aggregate.push(score));
}

describe("createAggregate", () => {
  it("keeps the largest of all scores", () => {
    expect(pushAll({ type: "max" }, [-3, -1, -2, 4, 0])).toEqual([-3, -1, -1, 4, 4]);
  });

  it("lets a start value count as the first score of a maximum", () => {
    expect(pushAll({ type: "max", start: -2 }, [-3, -1])).toEqual([-2, -1]);
    expect(pushAll({ type: "max", start: 0, window: 2 }, [-3, -1, -5, -6])).toEqual([0, -1, -1, -5]);
  });

  it("keeps the largest of a window, and each score itself when the window is 1", () => {
    expect(pushAll({ type: "max", window: 2 }, [5, 1, 0, 2])).toEqual([5, 5, 1, 2]);
    expect(pushAll({ type: "max", window: 1 }, [5, 1, 3])).toEqual([5, 1, 3]);
  });

  it("moves an average from its start value towards the scores", () => {
    expect(pushAll({ type: "ema", alpha: 0.5, start: -8 }, [0, 0, 4])).toEqual([-4, -2, 1]);
  });

  it("gives the k-th largest of the last n, with the start value for those not seen yet", () => {
    expect(pushAll({ type: "k_of_n", k: 2, n: 3, start: -9 }, [5, 1, 4, 0, 0])).toEqual([-9, 1, 4, 1, 0]);
  });

  it("reaches a threshold in k_of_n exactly when k of the last n scores do", () => {
    const scores = [3, 0, 3, 3, 0, 0, 3];
    const fired = pushAll({ type: "k_of_n", k: 2, n: 3, start: -9 }, scores).map((score) => score >= 2);
    const counted = scores.map(
      (_, index) => scores.slice(Math.max(0, index - 2), index + 1).filter((score) => score >= 2).length >= 2,
    );
    expect(fired).toEqual(counted);
  });

  it.each<AggregateOptions>([
    { type: "max" },
    { type: "max", window: 2 },
    { type: "ema", alpha: 0.5, start: 0 },
    { type: "k_of_n", k: 1, n: 2, start: 0 },
    { type: "mean", window: 2, start: 0 },
    { type: "mean", weight: 3, start: 0 },
    { type: "top_k", k: 1, start: 9 },
    { type: "cusum", drift: 5 },
  ])("never swallows NaN: %o", (options) => {
    expect(pushAll(options, [1, Number.NaN, 1, 1, 1]).slice(1)).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

/** What each aggregation is, said in the plainest way: from all scores so far. */
function naive(options: AggregateOptions, scores: readonly number[]): number {
  const padded = (count: number) => [...Array.from({ length: count }, () => options.start ?? -Infinity), ...scores];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const largest = (values: readonly number[], count: number) =>
    values.toSorted((left, right) => right - left).slice(0, count);
  switch (options.type) {
    case "max":
      return Math.max(...padded(options.window ?? 1).slice(-(options.window ?? Infinity)));
    case "mean": {
      const { window, weight = 0, start } = options;
      if (window !== undefined) return sum(padded(window).slice(-window)) / window;
      return (sum(scores) + weight * start) / (scores.length + weight);
    }
    case "top_k": {
      const { k, window = 1, start } = options;
      const means = scores.map((_, index) => sum(padded(window).slice(index + 1, index + 1 + window)) / window);
      return sum(largest([...Array.from({ length: k }, () => start), ...means], k)) / k;
    }
    case "cusum":
      return scores.reduce((total, raw) => Math.max(0, total + raw - options.drift), options.start ?? 0);
    default:
      throw new Error(`there is no plain form of ${options.type}`);
  }
}

describe("an aggregate against its definition", () => {
  const shapes: AggregateOptions[] = [1, 2, 3, 7, 64].flatMap((size): AggregateOptions[] => [
    { type: "max", window: size },
    { type: "max", window: size, start: 1 },
    { type: "mean", window: size, start: -2 },
    { type: "mean", weight: size / 2, start: -2 },
    { type: "top_k", k: size, start: -1 },
    { type: "top_k", k: 3, window: size, start: -9 },
    { type: "cusum", drift: size / 10 - 0.3 },
    { type: "cusum", drift: 0.1, start: size },
  ]);

  it.each(shapes)("holds at every step: %o", (options) => {
    const scores = seededNumbers(7, 300).map((value) => value * 6 - 3);
    const aggregate = createAggregate(options);
    scores.forEach((score, index) =>
      expect(aggregate.push(score)).toBeCloseTo(naive(options, scores.slice(0, index + 1)), 10),
    );
  });

  it("does not drift over 100,000 steps, also where large scores have come and gone", () => {
    const scores = seededNumbers(3, 100_000).map((value, index) => (index < 50_000 ? value * 1e12 : value));
    const last = (options: AggregateOptions) => pushAll(options, scores).at(-1);
    const tail = scores.slice(-1000).reduce((total, value) => total + value, 0) / 1000;
    expect(last({ type: "mean", window: 1000, start: 0 })).toBeCloseTo(tail, 12);
    const exact = scores.reduce((total, value) => total + BigInt(Math.round(value * 2 ** 32)), 0n);
    const mean = Number(exact) / 2 ** 32 / (scores.length + 1);
    expect(Math.abs((last({ type: "mean", weight: 1, start: 0 }) ?? 0) / mean - 1)).toBeLessThan(1e-14);
    // Steps of a tenth, which binary fractions cannot hold: a plain sum is off by 1e-8 here.
    const tenths = pushAll({ type: "cusum", drift: 0 }, Array.from<number>({ length: 100_000 }).fill(0.1));
    expect(tenths.at(-1)).toBeCloseTo(10_000, 10);
  });

  it("gives the mean of fewer scores than k where the start value is low, and never falls", () => {
    expect(pushAll({ type: "top_k", k: 2, start: 0 }, [4, -1, 2, 1])).toEqual([2, 2, 3, 3]);
  });

  it("starts a cumulative sum anew when it has fallen to 0", () => {
    expect(pushAll({ type: "cusum", drift: 1 }, [2, 3, -9, 3, 2])).toEqual([1, 3, 0, 2, 3]);
  });
});

describe("startOf", () => {
  it("is what stands before anything was read", () => {
    expect([startOf({ type: "max" }), startOf({ type: "max", start: 2 })]).toEqual([undefined, 2]);
    expect([startOf({ type: "cusum", drift: 1 }), startOf({ type: "cusum", drift: 1, start: 2 })]).toEqual([0, 2]);
  });
});

describe("aggregateSchema", () => {
  it.each([
    { type: "ema", alpha: 0.2 },
    { type: "ema", alpha: 0, start: 0 },
    { type: "k_of_n", k: 4, n: 3, start: 0 },
    { type: "max", alpha: 1 },
    { type: "median" },
    { type: "mean", start: 0 },
    { type: "mean", window: 2, weight: 2, start: 0 },
    { type: "mean", window: 2 },
    { type: "mean", weight: 0, start: 0 },
    { type: "mean", window: 5000, start: 0 },
    { type: "top_k", start: 0 },
    { type: "top_k", k: 0, start: 0 },
    { type: "top_k", k: 2 },
    { type: "cusum" },
    { type: "cusum", drift: Number.NaN },
    { type: "cusum", drift: 1, start: -1 },
  ])("refuses %o", (options) => {
    expect(aggregateSchema.safeParse(options).success).toBe(false);
  });
});
