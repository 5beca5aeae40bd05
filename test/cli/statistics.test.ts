import { describe, expect, it } from "vitest";
import { estimate, estimateMean, formatEstimate, formatMean, median } from "../../src/cli/statistics.ts";

describe("median", () => {
  it("is the middle value, or the mean of the two middle ones, in whatever order they come", () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([9, 1, 4, 5])).toBe(4.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });
});

describe("estimate", () => {
  const values = Array.from({ length: 101 }, (_, index) => index);

  it("brackets the median, and is the same for the same values", () => {
    const { median: middle, low, high } = estimate(values);
    expect(middle).toBe(50);
    // 95 % of medians of 101 uniform draws lie within about 50 ± 10.
    expect(low).toBeGreaterThan(34);
    expect(low).toBeLessThan(48);
    expect(high).toBeGreaterThan(52);
    expect(high).toBeLessThan(66);
    expect(estimate(values)).toEqual({ median: middle, low, high });
  });

  it("narrows with more values", () => {
    const width = (count: number) => {
      const { low, high } = estimate(Array.from({ length: count }, (_, index) => index % 10));
      return high - low;
    };
    expect(width(1000)).toBeLessThan(width(10));
  });

  it("has no width where all values are one", () => {
    expect(estimate([3, 3, 3])).toEqual({ median: 3, low: 3, high: 3 });
  });
});

describe("estimateMean", () => {
  it("brackets the mean of shares, and has no width where all are one", () => {
    const { mean, low, high } = estimateMean(Array.from({ length: 100 }, (_, index) => (index < 30 ? 1 : 0)));
    expect(mean).toBeCloseTo(0.3, 10);
    expect(low).toBeGreaterThan(0.15);
    expect(low).toBeLessThan(0.3);
    expect(high).toBeGreaterThan(0.3);
    expect(high).toBeLessThan(0.45);
    expect(estimateMean([2, 2])).toEqual({ mean: 2, low: 2, high: 2 });
    expect(formatMean({ mean: 0.5, low: 0.25, high: 0.75 }, 2)).toBe("0.50 [0.25, 0.75]");
  });
});

describe("formatEstimate", () => {
  it("shows the median with its interval, to so many digits", () => {
    expect(formatEstimate({ median: 1.23456, low: 1.2, high: 1.3 }, 3)).toBe("1.235 [1.200, 1.300]");
  });
});
