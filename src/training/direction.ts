import { tapOf, type Features, type Pool } from "./features.ts";
import { directionOf, fitKernelRidge } from "./ridge.ts";
import type { TapSet } from "./tap-sets.ts";

/** Directions for RMS-normed rows: score of a position = bias + Σ over taps of direction · row. */
export interface FittedDirections {
  readonly taps: readonly string[];
  /** By tap, each [hidden]. */
  readonly directions: readonly Float32Array[];
  readonly bias: number;
}

/** What was chosen to be fitted. */
export interface Recipe {
  readonly set: TapSet;
  readonly pool: Pool;
  /** Strength of the ridge; kernels have a scale of about 1. */
  readonly lambda: number;
}

/** Rows to fit on: their indices, labels and weights, each [n], and the kernel [all rows, all rows]. */
export interface FitRows {
  readonly rows: Int32Array;
  readonly labels: Uint8Array;
  readonly weights: Float32Array;
  readonly kernel: Float32Array;
}

/** Fits a recipe on some rows and takes it from kernel space to the taps' own rows. */
export function fitDirections(
  features: Features,
  recipe: Recipe,
  { rows, labels, weights, kernel }: FitRows,
): FittedDirections {
  const { hidden } = features;
  const { taps } = recipe.set;
  const part = partOf(kernel, features.rows, rows);
  const { alpha, intercept } = fitKernelRidge(part, labels, { lambda: recipe.lambda, rows: weights });
  const scale = 1 / (hidden * taps.length);
  let bias = intercept;
  const directions = taps.map((tap) => {
    const { pooled, mean, spread } = tapOf(features, tap);
    const chosen = new Float32Array(rows.length * hidden); // [n, hidden]
    rows.forEach((row, index) =>
      chosen.set(pooled[recipe.pool].subarray(row * hidden, (row + 1) * hidden), index * hidden),
    );
    const inFeatures = directionOf(chosen, alpha);
    return Float32Array.from(inFeatures, (value, at) => {
      const own = (value * scale) / spread[at]!;
      bias -= own * mean[at]!;
      return own;
    });
  });
  return { taps, directions, bias };
}

/** The kernel of some of its rows, [n, n]. */
export function partOf(kernel: Float32Array, size: number, rows: Int32Array): Float32Array {
  const n = rows.length;
  const part = new Float32Array(n * n);
  for (let row = 0; row < n; row += 1) {
    const from = rows[row]! * size;
    for (let column = 0; column < n; column += 1) part[row * n + column] = kernel[from + rows[column]!]!;
  }
  return part;
}
