import { expect, test } from "vitest";
import { roundTicks } from "../../src/evaluation/round-ticks.ts";

test("ticks are round and lie within the range", () => {
  expect(roundTicks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(roundTicks([-2.1, 8.4])).toEqual([-2, 0, 2, 4, 6, 8]);
  expect(roundTicks([0, 0.0003])).toEqual([0, 0.000_05, 0.0001, 0.000_15, 0.0002, 0.000_25, 0.0003]);
  for (const range of [
    [0, 37],
    [-1e6, 1e6],
    [3.2, 3.9],
  ] as const) {
    const ticks = roundTicks(range);
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    expect(ticks.length).toBeLessThanOrEqual(9);
    for (const tick of ticks) expect(tick >= range[0] && tick <= range[1]).toBe(true);
  }
});

test("a range without extent has one tick", () => {
  expect(roundTicks([2, 2])).toEqual([2]);
  expect(roundTicks([0, Infinity])).toEqual([0]);
});
