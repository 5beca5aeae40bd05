import { expect, test } from "vitest";
import { variatesFrom } from "../../src/evaluation/variates.ts";
import { betaShare } from "../../src/training/beta.ts";

const COUNT = 20_000;

function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: COUNT }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT };
}

test.each([
  [0.5, 20.5],
  [3, 1],
  [40, 60],
])("draws of beta %d, %d lie below each of its deciles as often as they should", (a, b) => {
  const { beta } = variatesFrom(1);
  const shares = Array.from({ length: COUNT }, () => betaShare(beta(a, b), a, b)).sort((left, right) => left - right);
  for (let tenth = 1; tenth < 10; tenth += 1) expect(shares[(COUNT * tenth) / 10]).toBeCloseTo(tenth / 10, 1.5);
});

test("a beta without a side is at its other end", () => {
  const { beta } = variatesFrom(1);
  expect([beta(0, 3), beta(2, 0)]).toEqual([0, 1]);
});

test.each([
  [10, 0.3],
  [500, 0.02],
  [1000, 0.4],
  [200, 0.9],
])("binomial counts of %d at %d have its mean and variance and never leave it", (n, share) => {
  const { binomial } = variatesFrom(2);
  let [least, most] = [n, 0];
  const { mean, variance } = momentsOf(() => {
    const count = binomial(n, share);
    [least, most] = [Math.min(least, count), Math.max(most, count)];
    return count;
  });
  expect(mean / (n * share)).toBeCloseTo(1, 1.5);
  expect(variance / (n * share * (1 - share))).toBeCloseTo(1, 1);
  expect(least).toBeGreaterThanOrEqual(0);
  expect(most).toBeLessThanOrEqual(n);
  expect([binomial(n, 0), binomial(n, 1), binomial(0, share)]).toEqual([0, n, 0]);
});

test("equal seeds give equal sequences, and normal numbers have mean 0 and variance 1", () => {
  expect(variatesFrom(3).share()).toBe(variatesFrom(3).share());
  const { mean, variance } = momentsOf(variatesFrom(4).normal);
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(variance).toBeCloseTo(1, 1);
});
