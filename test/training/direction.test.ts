import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMatrixProduct, type MatrixProduct } from "../../src/model/matrix-product.ts";
import { fitDirections, partOf } from "../../src/training/direction.ts";
import { kernelsOf, poolActivations, type Pool } from "../../src/training/features.ts";
import { scorePositions } from "../../src/training/position-scores.ts";
import { fitKernelRidge } from "../../src/training/ridge.ts";
import { makeStore } from "../support/made-store.ts";

const TAPS = ["0.attn_out", "1.attn_out", "1.mlp_out"];
const SET = { name: "two", taps: ["0.attn_out", "1.mlp_out"] };
const COUNTS = Array.from({ length: 40 }, (_, row) => 1 + ((row * 7) % 5));
const ROWS = Int32Array.from({ length: 30 }, (_, index) => 39 - index);
const LABELS = Uint8Array.from(ROWS, (row) => row % 2);
const WEIGHTS = Float32Array.from(ROWS, (row) => (row % 3 === 0 ? 0.3 : 1));

let product: MatrixProduct;
beforeAll(async () => {
  product = await openMatrixProduct({ threads: 1 });
});
afterAll(() => product.close());

describe("directions that are fitted", () => {
  it.each(["mean", "late"] as const)(
    "score the mean of a row's positions (pool %s) as the kernel does, for rows that were fitted and for others",
    async (pool: Pool) => {
      const signal = ({ tap, row, dimension }: { tap: number; row: number; dimension: number }) =>
        (dimension % 5) * 0.3 + (row % 2 === 1 && dimension < 4 ? 0.2 + tap / 10 : 0);
      const store = makeStore({ taps: TAPS, hidden: 24, counts: COUNTS, signal });
      const features = poolActivations(store);
      const [found] = await kernelsOf(product, features, { choices: [{ set: SET, pool }] });
      const kernel = found?.kernel ?? new Float32Array(0);
      const recipe = { set: SET, pool, lambda: 0.3 };
      const fit = fitDirections(features, recipe, { rows: ROWS, labels: LABELS, weights: WEIGHTS, kernel });
      expect(fit.taps).toEqual(SET.taps);
      const [scores = new Float32Array(0)] = await scorePositions(product, store, [fit]);

      const { alpha, intercept } = fitKernelRidge(partOf(kernel, 40, ROWS), LABELS, { lambda: 0.3, rows: WEIGHTS });
      COUNTS.forEach((count, row) => {
        const skipped = pool === "late" ? Math.floor(count / 2) : 0;
        const own = scores.slice((store.starts[row] ?? 0) + skipped, (store.starts[row] ?? 0) + count);
        const expected = alpha.reduce(
          (sum, value, index) => sum + value * (kernel[row * 40 + (ROWS[index] ?? 0)] ?? NaN),
          intercept,
        );
        expect(own.reduce((sum, value) => sum + value, 0) / own.length).toBeCloseTo(expected, 4);
      });
    },
  );
});

describe("part of a kernel", () => {
  it("has the rows that were asked for, in their order", () => {
    const kernel = Float32Array.from({ length: 16 }, (_, at) => at);
    expect(Array.from(partOf(kernel, 4, Int32Array.of(3, 1)))).toEqual([15, 13, 7, 5]);
  });
});
