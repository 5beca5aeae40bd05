import { describe, expect, it } from "vitest";
import { comparePaths } from "../../src/evaluation/path-comparison.ts";

const same = (count: number, score: number) => Array.from({ length: count }, () => ({ live: score, scan: score }));

describe("comparePaths", () => {
  it("holds each rate against the other's interval: two of a hundred and one agree, one and none do not", () => {
    const replies = [...same(98, 0), { live: 2, scan: 1.9 }, { live: 1.1, scan: 0.8 }];
    const { abort, flag, meanDifference, largestDifference, ...rest } = comparePaths(replies, { flag: 1, abort: 2 });
    expect(rest).toEqual({ replies: 100 });
    expect([flag.live.value, flag.scan.value, flag.agrees]).toEqual([0.02, 0.01, true]);
    expect([abort.live.value, abort.scan.value, abort.agrees]).toEqual([0.01, 0, false]);
    expect(meanDifference).toBeCloseTo(0.004, 12);
    expect(largestDifference).toBeCloseTo(0.3, 12);
  });

  it("says so where the paths disagree", () => {
    const replies = [...same(80, 0), ...Array.from({ length: 20 }, () => ({ live: 1, scan: 0 }))];
    expect(comparePaths(replies, { flag: 1, abort: 2 }).flag.agrees).toBe(false);
    expect(comparePaths(replies, { flag: 1, abort: 2 }).abort.agrees).toBe(true);
  });

  it("takes a reply that was not judged as one that does not alarm", () => {
    const { flag, largestDifference } = comparePaths([{ live: null, scan: 3 }, ...same(1, 0)], { flag: 1, abort: 2 });
    expect([flag.live.value, flag.scan.value, largestDifference]).toEqual([0, 0.5, 0]);
    expect(() => comparePaths([], { flag: 1, abort: 2 })).toThrow("0 of 0 is no share");
  });
});
