import { drawsFrom, shuffled } from "./random.ts";

/**
 * The fold of every row, [rows] with values 0 to count − 1: whole groups on one side, sizes as even as the groups allow.
 * Equal seeds give equal folds. Throws for fewer groups than folds.
 */
export function assignFolds(groups: readonly string[], count: number, seed: number): Int32Array {
  if (!Number.isInteger(count) || count < 2) throw new Error(`${count} folds: there must be at least 2`);
  const sizes = sizesOf(groups);
  if (sizes.size < count) throw new Error(`${sizes.size} groups cannot make ${count} folds: name fewer folds`);
  const order = shuffled([...sizes.keys()], drawsFrom(seed));
  return foldsOf(groups, spread(order, sizes, count));
}

/**
 * The fold of every row, [rows]: every distinct key is a fold of its own, numbered as the keys come.
 * With more keys than `most` (at least 2), keys are merged into `most` folds of even size. Throws for fewer than two keys.
 */
export function foldsByKey(keys: readonly string[], most: number): Int32Array {
  if (!Number.isInteger(most) || most < 2) throw new Error(`${most} folds: there must be at least 2`);
  const sizes = sizesOf(keys);
  if (sizes.size < 2) throw new Error("all rows have one key: nothing can be left out");
  const order = [...sizes.keys()];
  if (order.length > most) return foldsOf(keys, spread(order, sizes, most));
  return foldsOf(keys, new Map(order.map((key, index) => [key, index])));
}

function sizesOf(keys: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  return sizes;
}

// The largest group first, each into the fold that has least so far; groups of one size stay in the given order.
function spread(order: readonly string[], sizes: ReadonlyMap<string, number>, count: number): Map<string, number> {
  const sizeOf = (key: string): number => sizes.get(key) ?? 0;
  const filled = Array.from({ length: count }, () => 0);
  const folds = new Map<string, number>();
  for (const key of order.toSorted((left, right) => sizeOf(right) - sizeOf(left))) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] = (filled[fold] ?? 0) + sizeOf(key);
    folds.set(key, fold);
  }
  return folds;
}

function foldsOf(keys: readonly string[], folds: ReadonlyMap<string, number>): Int32Array {
  return Int32Array.from(keys, (key) => folds.get(key) ?? 0);
}
