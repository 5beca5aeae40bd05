import { describe, expect, it } from "vitest";
import {
  argMax,
  createSampler,
  logProbabilities,
  logSumExp,
  topIds,
  type SamplerOptions,
} from "../../src/model/sampler.ts";
import { createRandom } from "../support/tiny-model.ts";

const ROW = Float32Array.of(1, 2.5, 0, 2, -1, 1.5); // [6]
const sampler = (changes: Partial<SamplerOptions> = {}) =>
  createSampler({ temperature: 1, topP: 1, topK: 0, seed: 7, ...changes });

function softmax(row: Float32Array, temperature = 1): number[] {
  const weights = Array.from(row, (logit) => Math.exp(logit / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function count(options: Partial<SamplerOptions>, draws: number, row = ROW): number[] {
  const counts = Array.from(row, () => 0);
  const made = sampler(options);
  for (let index = 0; index < draws; index += 1) {
    const id = made.draw(row);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

// Pearson's statistic against the expected shares; ids that must not be drawn count as an infinite misfit.
function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const draws = counts.reduce((sum, each) => sum + each, 0);
  return counts.reduce((sum, seen, id) => {
    const expected = draws * (shares[id] ?? 0);
    if (expected === 0) return seen === 0 ? sum : Infinity;
    return sum + (seen - expected) ** 2 / expected;
  }, 0);
}

// 99.9 % of chi-square with 5 degrees of freedom; the seed is fixed.
const BOUND = 20.5;

describe("drawing a token", () => {
  it("is greedy at temperature 0, whatever the seed", () => {
    expect([1, 2, 3].map((seed) => sampler({ temperature: 0, seed }).draw(ROW))).toEqual([1, 1, 1]);
  });

  it("follows the softmax of the row", () => {
    expect(chiSquare(count({}, 20_000), softmax(ROW))).toBeLessThan(BOUND);
  });

  it.each([0.5, 2])("divides by temperature %s first", (temperature) => {
    expect(chiSquare(count({ temperature }, 20_000), softmax(ROW, temperature))).toBeLessThan(BOUND);
    expect(chiSquare(count({ temperature }, 20_000), softmax(ROW))).toBeGreaterThan(BOUND);
  });

  it("draws the same for the same seed and other tokens for another one", () => {
    const run = (seed: number) => {
      const made = sampler({ seed });
      return Array.from({ length: 40 }, () => made.draw(ROW));
    };
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it("keeps the strongest topK, in their own proportions", () => {
    const shares = softmax(ROW).map((share, id) => ([1, 3, 5].includes(id) ? share : 0));
    const total = shares.reduce((sum, share) => sum + share, 0);
    expect(
      chiSquare(
        count({ topK: 3 }, 20_000),
        shares.map((share) => share / total),
      ),
    ).toBeLessThan(BOUND);
  });

  it("keeps the smallest nucleus that holds topP", () => {
    // 0.43, 0.26 and 0.16 are the strongest shares: two hold 0.6, three hold 0.8.
    expect(count({ topP: 0.6 }, 2000).map((seen) => seen > 0)).toEqual([false, true, false, true, false, false]);
    expect(count({ topP: 0.8 }, 2000).map((seen) => seen > 0)).toEqual([false, true, false, true, false, true]);
    expect(count({ topP: 0 }, 50)[1]).toBe(50);
  });

  it("takes topP of what topK kept", () => {
    // Among the best two, the best alone holds 0.62.
    expect(count({ topK: 2, topP: 0.6 }, 500)[1]).toBe(500);
  });

  it("finds a nucleus wider than its first look of 128 tokens", () => {
    const seen = count({ topP: 0.9 }, 3000, new Float32Array(1000));
    expect(seen.slice(900).every((each) => each === 0)).toBe(true);
    expect(seen.slice(128, 900).filter((each) => each > 0).length).toBeGreaterThan(700);
  });
});

it("draws nothing from logits that are no numbers", () => {
  for (const temperature of [0, 1]) {
    const draw = () => sampler({ temperature }).draw(Float32Array.of(NaN, NaN));
    expect(draw).toThrow("the model returned logits that are no numbers");
  }
});

describe("ranking a row", () => {
  it("takes the lower id among equals", () => {
    expect(argMax(Float32Array.of(3, 5, 5))).toBe(1);
    expect(topIds(Float32Array.of(5, 3, 5, 5, 1), 2)).toEqual([0, 2]);
  });

  it("gives the largest values in order, and no more than there are", () => {
    const random = createRandom("rank");
    const row = Float32Array.from({ length: 500 }, random);
    const sorted = Array.from(row.keys()).toSorted((left, right) => (row[right] ?? 0) - (row[left] ?? 0));
    expect(topIds(row, 20)).toEqual(sorted.slice(0, 20));
    expect(topIds(row, 9999)).toEqual(sorted);
    expect(topIds(row, 0)).toEqual([]);
  });
});

describe("log-probabilities", () => {
  it("do not overflow for large logits", () => {
    expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.LN2, 6);
    expect(logSumExp(Float32Array.of(-Infinity, -Infinity))).toBe(-Infinity);
    expect(logSumExp(new Float32Array())).toBe(-Infinity);
  });

  it("show a broken row as NaN", () => {
    for (const row of [[NaN], [NaN, NaN], [1, NaN], [NaN, 1], [-Infinity, NaN]]) {
      expect(logSumExp(Float32Array.from(row))).toBeNaN();
    }
  });

  it("sum to 1 and name the strongest, at temperature 1", () => {
    const shares = softmax(ROW);
    const { logprob, top } = logProbabilities(ROW, 4, 6);
    expect(Math.exp(logprob)).toBeCloseTo(shares[4] ?? 0, 6);
    expect(top.map(({ id }) => id)).toEqual([1, 3, 5, 0, 2, 4]);
    expect(top.reduce((sum, alternative) => sum + Math.exp(alternative.logprob), 0)).toBeCloseTo(1, 6);
  });
});
