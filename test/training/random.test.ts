import { describe, expect, it } from "vitest";
import { drawsFrom, shuffled } from "../../src/training/random.ts";

describe("random indices", () => {
  it("are equal for equal seeds, differ for others, and stay below the bound", () => {
    const take = (seed: number) => {
      const draw = drawsFrom(seed);
      return Array.from({ length: 50 }, () => draw(7));
    };
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(new Set(take(3))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });
});

describe("a shuffled list", () => {
  it("holds the same values in another order and leaves the list as it was", () => {
    const values = Array.from({ length: 40 }, (_, index) => index);
    const mixed = shuffled(values, drawsFrom(5));
    expect(mixed).not.toEqual(values);
    expect(mixed.toSorted((left, right) => left - right)).toEqual(values);
    expect(values[0]).toBe(0);
    expect(shuffled([], drawsFrom(5))).toEqual([]);
  });

  it("puts every value at every place about equally often", () => {
    const draw = drawsFrom(9);
    const first = [0, 0, 0, 0];
    for (let round = 0; round < 4000; round += 1) {
      const [value = 0] = shuffled([0, 1, 2, 3], draw);
      first[value] = (first[value] ?? 0) + 1;
    }
    // 1,000 expected, standard deviation 27.
    for (const count of first) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });
});
