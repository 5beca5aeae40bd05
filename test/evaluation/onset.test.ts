import { describe, expect, it } from "vitest";
import type { OnsetPoint } from "../../src/evaluation/evaluation.ts";
import { HOLDS, onsetResult, recommendHold, tokenOfCharacter } from "../../src/evaluation/onset.ts";

describe("the leak past an onset", () => {
  // Worked by hand: a fires 3 tokens late, b at once, c before, d never, e 20 tokens late.
  const rows = [
    { onset: 10, fired: 13 },
    { onset: 10, fired: 10 },
    { onset: 10, fired: 9 },
    { onset: 10, fired: null },
    { onset: 0, fired: 20 },
  ];

  it("is what has left past it when the detector fires, over the rows caught", () => {
    const { points, delays, early, rows: count } = onsetResult(rows);
    expect({ delays, early, count }).toEqual({ delays: [0, 3, 20], early: 1, count: 5 });
    // Leaks with no hold: 4, 1, 21; with 1: 3, 0, 20; with 4: 0, 0, 17; with 8: 0, 0, 13; with 16: 0, 0, 5.
    expect(points.map(({ hold, leakedMedian }) => [hold, leakedMedian])).toEqual([
      [0, 4],
      [1, 3],
      [4, 0],
      [8, 0],
      [16, 0],
    ]);
    expect(points.map(({ leakedP90 }) => Number(leakedP90?.toFixed(6)))).toEqual([17.6, 16.6, 13.6, 10.4, 4]);
    expect(points.map(({ noneLeaked }) => noneLeaked.value)).toEqual([0, 0.2, 0.4, 0.4, 0.4]);
    for (const { caught } of points) expect(caught.value).toBe(0.6);
    // scipy 1.17.1: beta.ppf(.025, 3, 3), beta.ppf(.975, 4, 2)
    expect(points[0]?.caught.low).toBeCloseTo(0.14663279963467313, 9);
    expect(points[0]?.caught.high).toBeCloseTo(0.9472550494736831, 9);
  });

  it("never grows with the hold, and a hold longer than the reply lets nothing out", () => {
    const many = Array.from({ length: 50 }, (_, row) => ({ onset: row % 7, fired: (row % 7) + ((row * 11) % 23) }));
    const { points } = onsetResult(many, [...HOLDS, 100]);
    const medians = points.map(({ leakedMedian }) => leakedMedian ?? NaN);
    expect(medians).toEqual(medians.toSorted((left, right) => right - left));
    expect(points.at(-1)).toMatchObject({ leakedMedian: 0, leakedP90: 0, noneLeaked: { value: 1 } });
  });

  it("is unknown where nothing is caught", () => {
    const result = onsetResult([
      { onset: 5, fired: null },
      { onset: 5, fired: 1 },
    ]);
    expect(result).toMatchObject({ early: 1, delays: [], recommendedHold: 0 });
    expect(result.reason).toMatch(/no onset was caught/);
    expect(result.points[0]).toMatchObject({ leakedMedian: null, leakedP90: null, caught: { value: 0 } });
  });

  it.each([
    ["no rows", [], "there is no row"],
    ["half a token", [{ onset: 1.5, fired: 2 }], "row 0 has the place 1.5"],
    ["NaN", [{ onset: 1, fired: NaN }], "row 0 has the place NaN"],
    ["a place before the reply", [{ onset: -1, fired: null }], "row 0 has the place -1"],
  ])("is refused for %s", (_, bad, message) => {
    expect(() => onsetResult(bad)).toThrow(message);
  });
});

describe("the hold to recommend", () => {
  const share = { value: 1, low: 1, high: 1 };
  const curve = (medians: readonly (number | null)[]): OnsetPoint[] =>
    medians.map((leakedMedian, at) => ({
      hold: HOLDS[at] ?? NaN,
      leakedMedian,
      leakedP90: leakedMedian,
      caught: share,
      noneLeaked: share,
    }));

  it.each([
    [[4, 3, 0, 0, 0], 4, "with 4 tokens held, half of the catches leak nothing"],
    [[0, 0, 0, 0, 0], 0, "with 0 tokens held, half of the catches leak nothing"],
    [[9, 8, 5, 5, 5], 4, "beyond 4 tokens the median leak of a catch falls no further: it stays at 5"],
    [[40, 39, 36, 32, 24], 16, "no hold measured keeps the median catch in: with 16 tokens held it still leaks 24"],
    [[null, null, null, null, null], 0, "no onset was caught: holding tokens back keeps nothing in"],
  ])("for median leaks of %j is %i", (medians, hold, reason) => {
    expect(recommendHold(curve(medians))).toEqual({ hold, reason });
  });
});

describe("the token of a character", () => {
  it("is the one that holds it, the last one past the end", () => {
    const tokens = ["The", " cat", "", " sat"];
    expect([0, 2, 3, 6, 7, 10, 99].map((character) => tokenOfCharacter(tokens, character))).toEqual([
      0, 0, 1, 1, 3, 3, 3,
    ]);
    expect(tokenOfCharacter([], 4)).toBe(0);
  });
});
