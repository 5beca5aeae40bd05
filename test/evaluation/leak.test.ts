import { describe, expect, it } from "vitest";
import { leakOf } from "../../src/evaluation/leak.ts";

describe("leakOf", () => {
  const replies = [
    { group: "a", tokens: 20, left: 0 },
    { group: "b", tokens: 30, left: 6 },
    { group: "c", tokens: 10, left: 3 },
    { group: "d", tokens: 40, left: null },
  ];

  it("counts what had left of replies that were stopped, and all of one that was not", () => {
    const { replies: count, stopped, median, mean, stoppedTokens, everyMean } = leakOf(replies);
    expect({ count, stopped, stoppedTokens }).toEqual({ count: 4, stopped: 3, stoppedTokens: 20 });
    expect([median?.value, mean?.value, everyMean.value]).toEqual([3, 3, 49 / 4]);
    expect(mean?.low).toBeLessThan(3);
    expect(mean?.high).toBeGreaterThan(3);
    expect(everyMean.low).toBeGreaterThanOrEqual(0);
    expect(everyMean.high).toBeLessThanOrEqual(40);
  });

  it("says nothing of stopped replies where there is none", () => {
    const leak = leakOf([{ group: "a", tokens: 5, left: null }]);
    expect(leak).toMatchObject({ stopped: 0, median: null, mean: null, stoppedTokens: null });
    expect(leak.everyMean).toEqual({ value: 5, low: 5, high: 5 });
  });

  it("draws whole groups: a hundred rows of two groups say less than a hundred groups", () => {
    const rows = (groups: number) =>
      Array.from({ length: 100 }, (_, row) => ({
        group: `g${row % groups}`,
        tokens: 10,
        left: row % 2 === 0 ? 0 : 10,
      }));
    const width = (groups: number) => {
      const { low, high } = leakOf(rows(groups)).everyMean;
      return high - low;
    };
    expect(width(2)).toBe(10);
    expect(width(100)).toBeLessThan(3);
  });

  it("knows nothing beyond the values of one group", () => {
    const { mean } = leakOf([
      { group: "a", tokens: 9, left: 2 },
      { group: "a", tokens: 9, left: 8 },
    ]);
    expect(mean).toEqual({ value: 5, low: 2, high: 8 });
  });

  it("gives equal intervals for equal rows, and refuses none", () => {
    expect(leakOf(replies)).toEqual(leakOf(replies));
    expect(() => leakOf([])).toThrow("there is no reply with the concept");
  });
});
