import { describe, expect, it } from "vitest";
import { alarmShare, checkReplies, placeThresholds, round, roundUp } from "../../src/evaluation/reply-thresholds.ts";
import { binomialUpper } from "../../src/training/rates.ts";

// Scores 0.001, 0.002, … in an order of their own.
const scores = Array.from({ length: 3000 }, (_, index) => (((index * 1009) % 3000) + 1) / 1000);

describe("placeThresholds", () => {
  it("lets no reply abort where the claim allows none, and as many flag as the share says", () => {
    const placed = placeThresholds(scores, { claim: 0.001, flagRate: 0.01, repliesPerDay: 20_000 });
    expect(placed.replies).toBe(3000);
    expect(placed.abort.alarms).toBe(0);
    expect(placed.abort.threshold).toBeGreaterThan(3);
    expect(placed.upper).toBeCloseTo(binomialUpper(0, 3000, 0.95), 12);
    expect(placed.upper).toBeLessThanOrEqual(0.001);
    expect(placed.flag.alarms).toBe(30);
    expect(placed.flag.threshold).toBeCloseTo(2.971, 3);
    expect(placed.perDay?.value).toBeCloseTo(200, 9);
    expect(placed.perDay?.low).toBeLessThan(200);
    expect(placed.flagLowered).toBe(false);
    expect(placed.percentiles).toEqual({ "50": 1.5, "90": 2.7, "99": 2.97, "99.9": 2.997 });
  });

  it("puts flags at the threshold for aborts where the budget would put them above", () => {
    const placed = placeThresholds(scores, { claim: 0.05, flagRate: 0.001 });
    expect(placed.flagLowered).toBe(true);
    expect(placed.flag).toEqual(placed.abort);
    expect(placed.abort.alarms).toBeGreaterThan(100);
    expect(placed.perDay).toBeNull();
  });

  it("counts a reply that was not judged as one that scores lowest", () => {
    const given = [...scores.slice(0, 2999), null];
    const placed = placeThresholds(given, { claim: 0.001, flagRate: 0.01 });
    expect(placed.replies).toBe(3000);
    expect(placed.flag.alarms).toBe(30);
    expect(() => placeThresholds([null, null, null, null], { claim: 0.6, flagRate: 0.5 })).toThrow(
      "no position of any reply was judged",
    );
  });

  it("keeps as many digits as leave every reply on its side", () => {
    const close = Array.from({ length: 100 }, (_, index) => 1 + index * 1e-7);
    const { abort, flag } = placeThresholds(close, { claim: 0.05, flagRate: 0.1 });
    expect(abort.alarms).toBe(1);
    expect(close.filter((score) => score >= abort.threshold)).toHaveLength(1);
    expect(close.filter((score) => score >= flag.threshold)).toHaveLength(10);
  });
});

describe("checkReplies", () => {
  it("says how many replies a claim needs, and which claim so many carry", () => {
    expect(() => checkReplies(2994, { claim: 0.001, flagRate: 0.01 })).toThrow(
      "needs 2995 distinct ordinary replies, there are 2994: claim at least 0.0011 with --claim, or add 1 rows",
    );
    expect(() => checkReplies(2995, { claim: 0.001, flagRate: 0.01 })).not.toThrow();
    expect(() => checkReplies(120, { claim: 0.001, flagRate: 0.01 })).toThrow("claim at least 0.025");
    expect(() => checkReplies(120, { claim: 0.025, flagRate: 0.01 })).not.toThrow();
  });

  it("refuses flags on fewer than one of the replies", () => {
    expect(() => checkReplies(3000, { claim: 0.001, flagRate: 1 / 4000 })).toThrow(
      "flags on 0.00025 of ordinary replies need 4000 distinct replies to be placed, there are 3000",
    );
  });
});

describe("roundUp", () => {
  it.each([
    [1.23412, 4, 1.235],
    [-5.7466, 4, -5.746],
    [-5.7474, 4, -5.747],
    [9.9996, 4, 10],
    [-9.9996, 4, -9.999],
    [0.000123456, 2, 0.00013],
    [0, 4, 0],
    [12_345.6, 4, 12_350],
    [2, 4, 2],
  ])("takes %d with %d digits to %d", (value, digits, expected) => {
    expect(roundUp(value, digits)).toBe(expected);
    expect(roundUp(value, digits)).toBeGreaterThanOrEqual(value);
  });
});

it("counts alarms at or above a threshold, and rounds to 4 digits", () => {
  expect(alarmShare([1, 2, null, 3], 2).value).toBe(0.5);
  expect(round(0.123456)).toBe(0.1235);
});
