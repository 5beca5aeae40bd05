import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMatrixProduct, type MatrixProduct } from "../../src/model/matrix-product.ts";
import type { ActivationStore } from "../../src/training/activation-store.ts";
import { kernelsOf, poolActivations, POOLS, tapOf, type Pool } from "../../src/training/features.ts";
import { makeStore, valuesOf } from "../support/made-store.ts";

const TAPS = ["0.attn_out", "0.mlp_out", "1.attn_out"];
const HIDDEN = 40;
const COUNTS = Array.from({ length: 70 }, (_, row) => 1 + (row % 6));

let product: MatrixProduct;
beforeAll(async () => {
  product = await openMatrixProduct({ threads: 1 });
});
afterAll(() => product.close());

// In float64, as one would write it down: mean and spread over all positions, then the mean of a row's positions.
function plainFeatures(store: ActivationStore, tap: string, pool: Pool) {
  const values = valuesOf(store, tap);
  const at = (position: number, dimension: number) => values[position * store.hidden + dimension] ?? NaN;
  const everywhere = Array.from({ length: store.positions }, (_, position) => position);
  const average = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const mean = Array.from({ length: store.hidden }, (_, d) => average(everywhere.map((p) => at(p, d))));
  const spread = mean.map((middle, d) => Math.sqrt(average(everywhere.map((p) => (at(p, d) - middle) ** 2))) + 1e-3);
  const rows = store.counts.map((count, row) => {
    const skipped = pool === "late" ? Math.floor(count / 2) : 0;
    const own = Array.from({ length: count - skipped }, (_, index) => (store.starts[row] ?? 0) + skipped + index);
    return mean.map((middle, d) => (average(own.map((p) => at(p, d))) - middle) / (spread[d] ?? NaN));
  });
  return { mean, spread, rows };
}

function makeFeatures() {
  const signal = ({ tap, dimension }: { tap: number; dimension: number }) => tap + dimension / 10;
  const store = makeStore({ taps: TAPS, hidden: HIDDEN, counts: COUNTS, signal });
  return { store, features: poolActivations(store) };
}

describe("features", () => {
  it("are each row's mean, and the mean of its later half, by mean and spread of all positions", () => {
    const { store, features } = makeFeatures();
    expect([features.rows, features.hidden, [...features.taps.keys()]]).toEqual([70, HIDDEN, TAPS]);
    for (const tap of TAPS) {
      for (const pool of POOLS) {
        const plain = plainFeatures(store, tap, pool);
        const { mean, spread, pooled } = tapOf(features, tap);
        plain.mean.forEach((value, d) => expect(mean[d]).toBeCloseTo(value, 6));
        plain.spread.forEach((value, d) => expect(spread[d]).toBeCloseTo(value, 6));
        plain.rows
          .flat()
          .forEach((value, at) => expect(Math.abs((pooled[pool][at] ?? NaN) - value)).toBeLessThan(2e-6));
      }
    }
  });

  it("are the same for both pools where a row has one position", () => {
    const { pooled } = tapOf(makeFeatures().features, "0.attn_out");
    expect(COUNTS[0]).toBe(1);
    expect(pooled.late.slice(0, HIDDEN)).toEqual(pooled.mean.slice(0, HIDDEN));
    expect(pooled.late.slice(HIDDEN, 2 * HIDDEN)).not.toEqual(pooled.mean.slice(HIDDEN, 2 * HIDDEN));
  });

  it("keep a dimension that hardly moves from speaking loudly", () => {
    const still = makeStore({ taps: ["0.mlp_out"], hidden: 2, counts: [1, 1], signal: ({ row }) => row * 1e-7 });
    expect(tapOf(poolActivations(still), "0.mlp_out").spread.every((spread) => spread >= 1e-3)).toBe(true);
  });

  it("have inner products that are summed over the taps of a set, by the number of all dimensions", async () => {
    const { store, features } = makeFeatures();
    const choices = [
      { set: { name: "one", taps: ["0.mlp_out"] }, pool: "late" },
      { set: { name: "two", taps: ["1.attn_out", "0.attn_out"] }, pool: "mean" },
      { set: { name: "all", taps: TAPS }, pool: "mean" },
    ] as const;
    const steps: number[] = [];
    const kernels = await kernelsOf(product, features, { choices, onProgress: (done) => steps.push(done) });
    // 0.attn_out and 1.attn_out are in the same sets.
    expect(steps).toEqual([1, 2]);
    choices.forEach(({ set, pool }, index) => {
      const plain = set.taps.map((tap) => plainFeatures(store, tap, pool).rows);
      for (let left = 0; left < 70; left += 1) {
        for (let right = 0; right < 70; right += 1) {
          const dots = plain.flatMap((rows) => (rows[left] ?? []).map((value, d) => value * (rows[right]?.[d] ?? NaN)));
          const expected = dots.reduce((sum, value) => sum + value, 0) / (HIDDEN * set.taps.length);
          expect(Math.abs((kernels[index]?.kernel[left * 70 + right] ?? NaN) - expected)).toBeLessThan(5e-6);
        }
      }
    });
  });

  it("are refused for a tap that was not collected", async () => {
    const { features } = makeFeatures();
    const choice = { set: { name: "other", taps: ["7.attn_out"] }, pool: "mean" } as const;
    await expect(kernelsOf(product, features, { choices: [choice] })).rejects.toThrow(
      "the tap 7.attn_out was not collected",
    );
  });

  it.each([NaN, Infinity])("are refused for activations that are %d, with row and tap", (bad) => {
    const broken = makeStore({
      taps: ["0.attn_out", "0.mlp_out"],
      hidden: 4,
      counts: [2, 3, 1],
      signal: ({ tap, row }) => (tap === 1 && row === 1 ? bad : 0),
    });
    expect(() => poolActivations(broken)).toThrow("the activations of row 1 at 0.mlp_out are not finite");
  });
});
