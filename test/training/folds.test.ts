import { describe, expect, it } from "vitest";
import { assignFolds, foldsByKey } from "../../src/training/folds.ts";

const countsOf = (folds: Int32Array, count: number) =>
  Array.from({ length: count }, (_, fold) => folds.filter((value) => value === fold).length);

// 60 groups with 1 to 7 rows each, mixed.
const groups = Array.from({ length: 60 }, (_, group) => Array.from({ length: 1 + (group % 7) }, () => `g${group}`))
  .flat()
  .toSorted((left, right) => left.length - right.length || (left < right ? 1 : -1));

describe("folds of groups", () => {
  it("keep every group on one side, and have sizes that differ by at most one small group", () => {
    const folds = assignFolds(groups, 5, 1);
    const sides = new Map<string, Set<number>>();
    groups.forEach((group, row) => sides.set(group, (sides.get(group) ?? new Set()).add(folds[row] ?? -1)));
    expect([...sides.values()].every((side) => side.size === 1)).toBe(true);
    const counts = countsOf(folds, 5);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(groups.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it("are equal for equal seeds and differ for others", () => {
    expect(assignFolds(groups, 5, 1)).toEqual(assignFolds(groups, 5, 1));
    expect(assignFolds(groups, 5, 1)).not.toEqual(assignFolds(groups, 5, 2));
  });

  it("give a huge group a fold of its own", () => {
    const rows = [...Array.from({ length: 100 }, () => "huge"), "a", "b", "c", "d"];
    const folds = assignFolds(rows, 3, 4);
    const home = folds[0];
    expect(folds.slice(100)).not.toContain(home);
    expect(countsOf(folds, 3).toSorted((left, right) => left - right)).toEqual([2, 2, 100]);
  });

  it("are refused for fewer groups than folds, and for one fold", () => {
    expect(() => assignFolds(["a", "a", "b"], 3, 1)).toThrow("2 groups cannot make 3 folds: name fewer folds");
    expect(() => assignFolds(["a", "b"], 1, 1)).toThrow("there must be at least 2");
  });
});

describe("folds by key", () => {
  it("give every key its own fold, in the order in which keys come", () => {
    expect([...foldsByKey(["x", "y", "x", "z"], 5)]).toEqual([0, 1, 0, 2]);
  });

  it("merge keys into so many folds of even size", () => {
    const folds = foldsByKey(groups, 4);
    const counts = countsOf(folds, 4);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    const sideOf = new Map(groups.map((group, row) => [group, folds[row]]));
    expect(groups.every((group, row) => sideOf.get(group) === folds[row])).toBe(true);
  });

  it("are refused where nothing can be left out", () => {
    expect(() => foldsByKey(["a", "a"], 5)).toThrow("all rows have one key");
    expect(() => foldsByKey(["a", "b"], 1)).toThrow("there must be at least 2");
  });
});
