import { describe, expect, it } from "vitest";
import { inTurns, rowsByGroup, sampleRows } from "../../src/training/row-sample.ts";

const groupedBy = (size: number, n = 60) => Array.from({ length: n }, (_, row) => `g${Math.floor(row / size)}`);
const LABELS = Array.from({ length: 60 }, (_, row) => row % 2);

describe("a sample of rows", () => {
  it("is whole groups, at most so many rows, in order, the same for a seed", () => {
    const groups = groupedBy(4);
    const chosen = sampleRows({ labels: LABELS, groups }, { most: 22, seed: 1 });
    expect(chosen.length).toBe(20);
    expect(Array.from(chosen)).toEqual([...chosen].toSorted((left, right) => left - right));
    const names = new Set(Array.from(chosen, (row) => groups[row]));
    expect(groups.filter((group) => names.has(group)).length).toBe(20);
    expect(sampleRows({ labels: LABELS, groups }, { most: 22, seed: 1 })).toEqual(chosen);
    expect(sampleRows({ labels: LABELS, groups }, { most: 22, seed: 2 })).not.toEqual(chosen);
  });

  it("is everything where that is few enough", () => {
    expect(sampleRows({ labels: LABELS, groups: groupedBy(4) }, { most: 60, seed: 1 }).length).toBe(60);
  });

  it("has both classes, however rare one of them is", () => {
    const groups = groupedBy(1);
    const labels = groups.map((_, row) => (row < 4 ? 1 : 0));
    for (const seed of [1, 2, 3]) {
      const chosen = sampleRows({ labels, groups }, { most: 10, seed });
      expect(Array.from(chosen).filter((row) => row < 4).length).toBe(4);
    }
  });

  it("passes over a group that does not fit", () => {
    const groups = groupedBy(1).map((group, row) => (row < 30 ? "large" : group));
    for (const seed of [1, 2, 3]) {
      const chosen = sampleRows({ labels: LABELS, groups }, { most: 20, seed });
      expect(chosen.length).toBe(20);
      expect(chosen[0]).toBeGreaterThanOrEqual(30);
    }
  });
});

describe("rows by their groups", () => {
  it("come in the order of the groups", () => {
    expect(rowsByGroup([3, 0, 2], ["a", "b", "c", "c"])).toEqual([[3, 2], [0]]);
  });

  it("take turns by the labels that they have", () => {
    const labels = [0, 0, 0, 1, 1, 0];
    expect(inTurns([[0], [1], [2], [3], [4, 5]], labels)).toEqual([[0], [3], [4, 5], [1], [2]]);
  });
});
