import { describe, expect, it } from "vitest";
import { createAggregate, type AggregateOptions } from "../../src/detect/aggregate.ts";
import { aggregateSchema } from "../../src/detect/aggregate.ts";
import { openMatrixProduct } from "../../src/model/matrix-product.ts";
import { candidateAggregates, largestScores, meanScore, scorePositions } from "../../src/training/position-scores.ts";
import { makeStore, valuesOf } from "../support/made-store.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

const SPANS = { counts: [1, 3, 40, 2, 17], starts: [0, 1, 4, 44, 46], beforeEnd: [0, 2, 39, 1, 5] };
const SCORES = Float32Array.from(seededNumbers(8, 63), (value) => 6 * value - 4);

function pushedThrough(aggregate: AggregateOptions, row: number): number {
  const running = createAggregate(aggregate);
  const from = SPANS.starts[row] ?? 0;
  const all = Array.from(SCORES.slice(from, from + (SPANS.counts[row] ?? 0)), (score) => running.push(score));
  return Math.max(...all.slice(aggregate.compare === "prompt_end" ? SPANS.beforeEnd[row] : 0));
}

describe("the largest score of a row", () => {
  it.each(candidateAggregates(-0.7).map((aggregate) => [JSON.stringify(aggregate), aggregate] as const))(
    "is what the gateway would have: %s",
    (_, aggregate) => {
      const rows = [4, 0, 2, 1, 3];
      expect(Array.from(largestScores(SCORES, SPANS, { rows, aggregate }))).toEqual(
        rows.map((row) => pushedThrough(aggregate, row)),
      );
    },
  );

  it("is NaN where a position is", () => {
    const broken = SCORES.map((score, at) => (at === 2 ? NaN : score));
    const largest = largestScores(broken, SPANS, { rows: [1, 2], aggregate: { type: "mean", window: 4, start: 0 } });
    expect(Array.from(largest, Number.isNaN)).toEqual([true, false]);
  });
});

describe("aggregations that training compares", () => {
  it("are ones that a definition may have", () => {
    for (const aggregate of candidateAggregates(-1.25)) expect(aggregateSchema.parse(aggregate)).toEqual(aggregate);
  });
});

describe("the mean score of rows", () => {
  it("counts positions, not rows", () => {
    const scores = Float32Array.of(1, 2, 4, 6);
    expect(meanScore(scores, { counts: [1, 3], starts: [0, 1], beforeEnd: [0, 0] }, [0, 1])).toBe(13 / 4);
    expect(meanScore(scores, { counts: [1, 3], starts: [0, 1], beforeEnd: [0, 0] }, [1])).toBe(4);
  });
});

describe("scores of positions", () => {
  it("are the bias and, for each tap of a fit, direction times row, whatever other fits read", async () => {
    const store = makeStore({ taps: ["0.attn_out", "0.mlp_out", "1.attn_out"], hidden: 6, counts: [3, 900, 2] });
    const directionOf = (seed: number) => Float32Array.from(seededNumbers(seed, 6), (value) => value - 0.5);
    const fits = [
      { taps: ["1.attn_out", "0.attn_out"], directions: [directionOf(1), directionOf(2)], bias: 0.5 },
      { taps: ["0.attn_out"], directions: [directionOf(3)], bias: -2 },
    ];
    const product = await openMatrixProduct({ threads: 1 });
    const scores = await scorePositions(product, store, fits);
    await product.close();
    fits.forEach((fit, index) => {
      const tapped = fit.taps.map((tap) => valuesOf(store, tap));
      for (let position = 0; position < store.positions; position += 1) {
        let expected = fit.bias;
        fit.directions.forEach((direction, tap) =>
          direction.forEach((value, at) => (expected += value * (tapped[tap]?.[position * 6 + at] ?? NaN))),
        );
        expect(scores[index]?.[position]).toBeCloseTo(expected, 5);
      }
    });
  });
});
