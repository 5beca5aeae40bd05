import { describe, expect, it } from "vitest";
import { aggregateSchema, createAggregate, type AggregateOptions } from "../../src/detect/aggregate.ts";

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
  ])("never swallows NaN: %o", (options) => {
    expect(pushAll(options, [1, Number.NaN, 1, 1, 1]).slice(1)).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe("aggregateSchema", () => {
  it.each([
    { type: "ema", alpha: 0.2 },
    { type: "ema", alpha: 0, start: 0 },
    { type: "k_of_n", k: 4, n: 3, start: 0 },
    { type: "max", alpha: 1 },
    { type: "median" },
  ])("refuses %o", (options) => {
    expect(aggregateSchema.safeParse(options).success).toBe(false);
  });
});
