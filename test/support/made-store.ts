import { openActivationStore, type ActivationStore } from "../../src/training/activation-store.ts";
import { drawsFrom } from "../../src/training/random.ts";
import { writeFolder } from "./folder.ts";

/** What made rows look like. */
export interface MadeStoreOptions {
  readonly taps: readonly string[];
  readonly hidden: number;
  readonly counts: readonly number[];
  /** As in the store; none when absent. */
  readonly beforeEnd?: readonly number[];
  readonly seed?: number;
  /** What is added to noise from −1 to 1; 0 when absent. */
  readonly signal?: (at: { readonly tap: number; readonly row: number; readonly dimension: number }) => number;
}

/** A store of noise with a signal in it, in a folder that is removed when the test ends. */
export function makeStore({
  taps,
  hidden,
  counts,
  seed = 1,
  signal = () => 0,
  ...rest
}: MadeStoreOptions): ActivationStore {
  const { beforeEnd = counts.map(() => 0) } = rest;
  const store = openActivationStore({ folder: writeFolder({}), taps, hidden, counts, beforeEnd });
  const rowOf = counts.flatMap((count, row) => Array.from({ length: count }, () => row));
  // Seeds of one after the other must be strangers to each other: tests repeat themselves over them.
  const draw = drawsFrom(seed);
  const values = Float32Array.from({ length: rowOf.length * taps.length * hidden }, (_, at) => {
    const dimension = at % hidden;
    const tap = Math.floor(at / hidden) % taps.length;
    const row = rowOf[Math.floor(at / (hidden * taps.length))] ?? 0;
    return draw(1 << 20) / (1 << 19) - 1 + signal({ tap, row, dimension });
  });
  store.append(counts.length, values);
  return store;
}

/** All rows of one tap. `[positions, hidden]` */
export function valuesOf(store: ActivationStore, tap: string): Float32Array {
  const all = new Float32Array(store.positions * store.hidden);
  for (const { first, values } of store.pieces(tap)) all.set(values, first * store.hidden);
  return all;
}
