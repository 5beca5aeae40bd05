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

/** Pools the stored rows of every tap, piece by piece. Throws an `Error` that names tap and row for numbers that are none. */
export function poolActivations(store: ActivationStore, onProgress?: (done: number, total: number) => void): Features {
  const taps = new Map<string, TapFeatures>();
  for (const tap of store.taps) {
    taps.set(tap, poolTap(store, tap));
    onProgress?.(taps.size, store.taps.length);
  }
  return { rows: store.counts.length, hidden: store.hidden, taps };
}

/** Sums over the positions of a tap: of the earlier and the later half of each row, [rows, hidden], and of all squares, [hidden]. */
interface Sums {
  readonly early: Float64Array;
  readonly late: Float64Array;
  readonly squares: Float64Array;
}

/** Pools one tap. Throws as `poolActivations` does. */
export function poolTap(store: ActivationStore, tap: string): TapFeatures {
  const { hidden, counts, positions } = store;
  const sums = sumHalves(store, tap);
  const moments = momentsOf(sums, { hidden, positions });
  checkFinite(sums.late, { hidden, tap });
  checkFinite(sums.early, { hidden, tap });
  const mean = new Float32Array(counts.length * hidden); // [rows, hidden]
  const late = new Float32Array(counts.length * hidden); // [rows, hidden]
  counts.forEach((count, row) => {
    const lateCount = count - Math.floor(count / 2);
    for (let at = 0; at < hidden; at += 1) {
      const place = row * hidden + at;
      const [middle, spread] = [moments.mean[at]!, moments.spread[at]!];
      mean[place] = ((sums.early[place]! + sums.late[place]!) / count - middle) / spread;
      late[place] = (sums.late[place]! / lateCount - middle) / spread;
    }
  });
  return { ...moments, pooled: { mean, late } };
}

function sumHalves(store: ActivationStore, tap: string): Sums {
  const { hidden, counts, starts } = store;
  const early = new Float64Array(counts.length * hidden);
  const late = new Float64Array(counts.length * hidden);
  const squares = new Float64Array(hidden);
  let row = 0;
  for (const { first, values } of store.pieces(tap)) {
    for (let from = 0; from < values.length; from += hidden) {
      const position = first + from / hidden;
      while (position >= starts[row]! + counts[row]!) row += 1;
      const sums = position < starts[row]! + Math.floor(counts[row]! / 2) ? early : late;
      const own = row * hidden;
      for (let at = 0; at < hidden; at += 1) {
        const value = values[from + at]!;
        sums[own + at] = sums[own + at]! + value;
        squares[at] = squares[at]! + value * value;
      }
    }
  }
  return { early, late, squares };
}

function momentsOf(
  { early, late, squares }: Sums,
  { hidden, positions }: { hidden: number; positions: number },
): { mean: Float32Array; spread: Float32Array } {
  const sums = new Float64Array(hidden);
  for (let place = 0; place < early.length; place += 1)
    sums[place % hidden] = sums[place % hidden]! + early[place]! + late[place]!;
  const mean = Float32Array.from(sums, (sum) => sum / positions);
  const spread = Float32Array.from(squares, (square, at) => {
    const average = sums[at]! / positions;
    return Math.sqrt(Math.max(0, square / positions - average * average)) + SPREAD_FLOOR;
  });
  return { mean, spread };
}

function checkFinite(sums: Float64Array, { hidden, tap }: { hidden: number; tap: string }): void {
  const bad = sums.findIndex((sum) => !Number.isFinite(sum));
  if (bad >= 0) throw new Error(`the activations of row ${Math.floor(bad / hidden)} at ${tap} are not finite`);
}

/** A set of taps and a way of pooling. */
export interface KernelChoice {
  readonly set: TapSet;
  readonly pool: Pool;
}

/** What to compare rows by. */
export interface KernelOptions {
  readonly choices: readonly KernelChoice[];
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Each choice with the inner products of all rows over the taps of its set, [rows, rows], on a scale that does not depend on how many taps there are.
 * Every tap is multiplied once, however many sets it is in.
 */
export async function kernelsOf(
  product: MatrixProduct,
  features: Features,
  { choices, onProgress }: KernelOptions,
): Promise<(KernelChoice & { readonly kernel: Float32Array })[]> {
  const { rows, hidden } = features;
  const found = choices.map(({ set, pool }) => ({ set, pool, kernel: new Float32Array(rows * rows) }));
  const shared = sharedTaps(choices);
  for (const [done, taps] of shared.entries()) {
    for (const pool of POOLS) {
      const users = found.filter((each) => each.pool === pool && taps.every((tap) => each.set.taps.includes(tap)));
      if (users.length === 0) continue;
      const data = new Float32Array(taps.length * hidden * rows); // [taps × hidden, rows]
      taps.forEach((tap, index) => {
        const part = data.subarray(index * hidden * rows, (index + 1) * hidden * rows);
        transposeInto(part, tapOf(features, tap).pooled[pool], rows);
      });
      const matrix: Matrix = { data, rows: taps.length * hidden, columns: rows };
      const sums = await product.multiplyTransposed(matrix, matrix);
      for (const { kernel, set } of users) addScaled(kernel, sums.data, 1 / (hidden * set.taps.length));
    }
    onProgress?.(done + 1, shared.length);
  }
  return found;
}

// Taps that are in the same sets go through one product.
function sharedTaps(choices: readonly KernelChoice[]): string[][] {
  const buckets = new Map<string, string[]>();
  for (const tap of new Set(choices.flatMap(({ set }) => set.taps))) {
    const key = choices.map(({ set }) => (set.taps.includes(tap) ? 1 : 0)).join("");
    buckets.set(key, [...(buckets.get(key) ?? []), tap]);
  }
  return [...buckets.values()];
}

function addScaled(sum: Float32Array, values: Float32Array, scale: number): void {
  for (let at = 0; at < sum.length; at += 1) sum[at] = sum[at]! + values[at]! * scale;
}

const BLOCK = 32;

// [rows, columns] → [columns, rows]; in blocks, since walking a column of a long matrix misses the cache at every step.
function transposeInto(turned: Float32Array, values: Float32Array, rows: number): void {
  const columns = values.length / rows;
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(rows, top + BLOCK);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(columns, left + BLOCK);
      for (let column = left; column < right; column += 1) {
        for (let row = top; row < bottom; row += 1) turned[column * rows + row] = values[row * columns + column]!;
      }
    }
  }
}

/** The features of one tap; throws an `Error` for one that was not collected. */
export function tapOf(features: Features, tap: string): TapFeatures {
  const found = features.taps.get(tap);
  if (!found) throw new Error(`the tap ${tap} was not collected`);
  return found;
}
