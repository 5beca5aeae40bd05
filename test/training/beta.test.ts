import { describe, expect, it } from "vitest";
import { betaQuantile, betaShare } from "../../src/training/beta.ts";

describe("the beta distribution", () => {
  // scipy 1.17.1: scipy.stats.beta.cdf(x, a, b)
  it.each([
    [0.3, 2, 5, 0.579825],
    [0.9, 40, 3, 0.19510765482693676],
    [0.005, 501, 99500, 0.4881088409514995],
    [0.5, 1, 1, 0.5],
  ])("below %f with a = %f and b = %f holds %f", (x, a, b, share) => {
    expect(betaShare(x, a, b)).toBeCloseTo(share, 9);
  });

  it("ends at 0 and 1", () => {
    expect(betaShare(0, 2, 3)).toBe(0);
    expect(betaShare(1, 2, 3)).toBe(1);
  });

  it.each([
    [0.025, 3, 48],
    [0.975, 18, 445],
    [0.5, 2000, 3],
  ])("has a quantile that its share leads back to: %f of %f and %f", (share, a, b) => {
    expect(betaShare(betaQuantile(share, a, b), a, b)).toBeCloseTo(share, 11);
  });

  it("has closed forms at the edges that agree with the general one", () => {
    expect(betaShare(betaQuantile(0.95, 1, 2995), 1, 2995)).toBeCloseTo(0.95, 11);
    expect(betaShare(betaQuantile(0.05, 70, 1), 70, 1)).toBeCloseTo(0.05, 11);
  });
});
