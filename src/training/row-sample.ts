import { drawsFrom, shuffled } from "./random.ts";

/** Rows put together by their groups; labels and groups are those of all rows. */
export interface GroupedRows {
  readonly labels: ArrayLike<number>;
  readonly groups: readonly string[];
}

/** How many rows at most, and the seed of the draw. */
export interface SampleOptions {
  readonly most: number;
  readonly seed: number;
}

/** Whole groups drawn until no further one fits, those of either class and of both taking turns: indices in ascending order. Equal seeds give equal rows. */
export function sampleRows({ labels, groups }: GroupedRows, { most, seed }: SampleOptions): Int32Array {
  const every = groups.map((_, row) => row);
  if (every.length <= most) return Int32Array.from(every);
  const order = shuffled(rowsByGroup(every, groups), drawsFrom(seed));
  const chosen: number[] = [];
  for (const own of inTurns(order, labels)) {
    if (chosen.length + own.length <= most) chosen.push(...own);
  }
  return Int32Array.from(chosen).sort();
}

/** The rows of each group, in the order in which groups come. */
export function rowsByGroup(rows: Iterable<number>, groups: readonly string[]): number[][] {
  return bucketsOf(rows, (row) => groups[row] ?? "");
}

/** Lists of rows so that those with label 0 alone, with label 1 alone and with both take turns, each kind in its own order. */
export function inTurns(lists: readonly number[][], labels: ArrayLike<number>): number[][] {
  const kinds = bucketsOf(lists, (own) => [0, 1].filter((label) => own.some((row) => labels[row] === label)).join());
  const longest = kinds.reduce((length, kind) => Math.max(length, kind.length), 0);
  return Array.from({ length: longest }, (_, turn) => kinds.flatMap((kind) => kind.slice(turn, turn + 1))).flat();
}

function bucketsOf<Value>(values: Iterable<Value>, keyOf: (value: Value) => string): Value[][] {
  const buckets = new Map<string, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [value]);
    else bucket.push(value);
  }
  return [...buckets.values()];
}
