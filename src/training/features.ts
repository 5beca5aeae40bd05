import type { Matrix, MatrixProduct } from "../model/matrix-product.ts";
import type { ActivationStore } from "./activation-store.ts";
import type { TapSet } from "./tap-sets.ts";

/** How the positions of a row become one row of features: the mean over all of them, or over the later half. */
export const POOLS = ["mean", "late"] as const;
export type Pool = (typeof POOLS)[number];

/** Features of one tap: pooled, each dimension less its mean and by its spread over all positions, whatever their labels. */
export interface TapFeatures {
  readonly mean: Float32Array; // [hidden]
  readonly spread: Float32Array; // [hidden]
  readonly pooled: Readonly<Record<Pool, Float32Array>>; // each [rows, hidden]
}

/** Features of every collected tap. */
export interface Features {
  readonly rows: number;
  readonly hidden: number;
  readonly taps: ReadonlyMap<string, TapFeatures>;
}

// A dimension that hardly moves says nothing; without a floor it would say it loudly.
const SPREAD_FLOOR = 1e-3;

/** Pools the stored rows of every tap, one tap in memory at a time. */
export function poolActivations(store: ActivationStore, onProgress?: (done: number, total: number) => void): Features {
  const taps = new Map<string, TapFeatures>();
  for (const tap of store.taps) {
    taps.set(tap, featuresOf(store.read(tap), store));
    onProgress?.(taps.size, store.taps.length);
  }
  return { rows: store.counts.length, hidden: store.hidden, taps };
}

function featuresOf(values: Float32Array, store: ActivationStore): TapFeatures {
  const { hidden, counts, starts } = store;
  const moments = momentsOf(values, hidden);
  const pool = (from: (count: number) => number): Float32Array => {
    const pooled = new Float32Array(counts.length * hidden); // [rows, hidden]
    counts.forEach((count, row) => {
      const first = starts[row]! + from(count);
      const last = starts[row]! + count;
      const scale = 1 / (last - first);
      for (let position = first; position < last; position += 1) {
        for (let at = 0; at < hidden; at += 1) pooled[row * hidden + at]! += values[position * hidden + at]! * scale;
      }
      for (let at = 0; at < hidden; at += 1) {
        pooled[row * hidden + at] = (pooled[row * hidden + at]! - moments.mean[at]!) / moments.spread[at]!;
      }
    });
    return pooled;
  };
  return { ...moments, pooled: { mean: pool(() => 0), late: pool((count) => Math.floor(count / 2)) } };
}

function momentsOf(values: Float32Array, hidden: number): { mean: Float32Array; spread: Float32Array } {
  const count = values.length / hidden;
  const sums = new Float64Array(hidden);
  const squares = new Float64Array(hidden);
  for (let start = 0; start < values.length; start += hidden) {
    for (let at = 0; at < hidden; at += 1) {
      const value = values[start + at]!;
      sums[at]! += value;
      squares[at]! += value * value;
    }
  }
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const spread = Float32Array.from(squares, (square, at) => {
    const average = sums[at]! / count;
    return Math.sqrt(Math.max(0, square / count - average * average)) + SPREAD_FLOOR;
  });
  return { mean, spread };
}

/** Inner products of all rows over the taps of a set, [rows, rows], on a scale that does not depend on how many taps there are. */
export async function kernelOf(
  product: MatrixProduct,
  features: Features,
  { set, pool }: { readonly set: TapSet; readonly pool: Pool },
): Promise<Float32Array> {
  const { rows, hidden } = features;
  const scale = 1 / Math.sqrt(hidden * set.taps.length);
  const data = new Float32Array(hidden * set.taps.length * rows); // [taps × hidden, rows]
  set.taps.forEach((tap, index) => {
    const { pooled } = tapOf(features, tap);
    for (let row = 0; row < rows; row += 1) {
      for (let at = 0; at < hidden; at += 1) {
        data[(index * hidden + at) * rows + row] = pooled[pool][row * hidden + at]! * scale;
      }
    }
  });
  const matrix: Matrix = { data, rows: hidden * set.taps.length, columns: rows };
  return (await product.multiplyTransposed(matrix, matrix)).data;
}

/** The features of one tap; throws an `Error` for one that was not collected. */
export function tapOf(features: Features, tap: string): TapFeatures {
  const found = features.taps.get(tap);
  if (!found) throw new Error(`the tap ${tap} was not collected`);
  return found;
}
