import { describe, expect, it } from "vitest";
import {
  countBelow,
  logSumExpRows,
  normRows,
  scaleRow,
  topDifferences,
  transpose,
} from "../../src/lens/row-lens-math.ts";

describe("rows through the final norm", () => {
  it("have the weight's length in every dimension that they had in equal parts", () => {
    const normed = normRows(Float32Array.of(3, 3, -5, 5), Float32Array.of(1, 2), 0);
    expect(Array.from(normed)).toEqual([1, 2, -1, 2]);
  });
});

describe("matrices", () => {
  it("are turned", () => {
    expect(Array.from(transpose(Float32Array.of(1, 2, 3, 4, 5, 6), 3))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("are summed up row by row in the logarithm, however large the numbers", () => {
    const [first, second] = logSumExpRows(Float32Array.of(0, 0, 1000, -1000), 2);
    expect(first).toBeCloseTo(Math.LN2, 6);
    expect(second).toBe(1000);
  });

  it("are scaled in place", () => {
    const row = Float32Array.of(1, -2);
    scaleRow(row, 3);
    expect(Array.from(row)).toEqual([3, -6]);
  });
});

describe("ranking", () => {
  it("gives the largest first, by value or by difference, and leaves out what is no number", () => {
    const left = Float32Array.of(5, NaN, 9, 7, 1);
    expect(topDifferences(left, undefined, 2)).toEqual([2, 3]);
    expect(topDifferences(left, Float32Array.of(0, 0, 9, 1, 0), 3)).toEqual([3, 0, 4]);
    expect(topDifferences(left, undefined, 10)).toEqual([2, 3, 0, 4]);
  });

  it("agrees with sorting", () => {
    const row = Float32Array.from({ length: 500 }, (_, index) => Math.sin(index * index));
    const sorted = Array.from(row.keys()).sort((one, two) => (row[two] ?? 0) - (row[one] ?? 0));
    expect(topDifferences(row, undefined, 25)).toEqual(sorted.slice(0, 25));
  });

  it("counts the rows that say less in a direction", () => {
    const rows = Float32Array.of(1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0);
    expect(countBelow(rows, Float32Array.of(2.5, 0, 0, 0, 9), Float32Array.of(1, 0, 0, 0, 0))).toBe(2);
  });
});
