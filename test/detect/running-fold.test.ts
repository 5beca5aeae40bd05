import { describe, expect, it } from "vitest";
import { createLargest, createSlidingFold, createSum } from "../../src/detect/running-fold.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

describe("createSlidingFold", () => {
  it("folds in order, also where the order matters", () => {
    // Takes the right one unless it is 0: associative, but not commutative.
    const fold = createSlidingFold({ window: 3, start: 9, combine: (left, right) => (right === 0 ? left : right) });
    expect([0, 0, 0, 5, 0, 0, 0].map(fold)).toEqual([9, 9, 0, 5, 5, 5, 0]);
  });

  it("gives each value itself when the window is 1", () => {
    const fold = createSlidingFold({ window: 1, start: 9, combine: Math.max });
    expect([3, 1, 2].map(fold)).toEqual([3, 1, 2]);
  });
});

describe("createSum", () => {
  it("keeps what a plain sum loses", () => {
    const sum = createSum(1);
    expect([1e100, 1, -1e100].map((value) => sum.add(value)).at(-1)).toBe(2);
  });

  it("forgets everything when it is set anew", () => {
    const sum = createSum(0.1);
    sum.add(0.2);
    sum.reset(0);
    expect(sum.add(5)).toBe(5);
  });
});

describe("createLargest", () => {
  it.each([1, 2, 5, 16])("adds up the %i largest so far", (count) => {
    const values = seededNumbers(count, 500).map((value) => Math.round(value * 100));
    const largest = createLargest(count, 10);
    values.forEach((value, index) => {
      const seen = [...Array.from({ length: count }, () => 10), ...values.slice(0, index + 1)];
      const expected = seen.toSorted((left, right) => right - left).slice(0, count);
      expect(largest(value)).toBe(expected.reduce((total, each) => total + each, 0));
    });
  });
});
