import type { Architecture } from "./architecture.ts";
import { pin, type Pinned } from "./session.ts";

/** Capacity grows in steps of this many positions: attention costs follow the capacity, not what is filled. */
export const CAPACITY_STEP = 256;

/** The key-value cache of one running request. */
export interface Slot {
  /** Positions filled. */
  readonly length: number;
  readonly capacity: number;
  /** The cache as graph inputs `past.L.k` and `past.L.v`, each [1, kvHeads, capacity, headDim]. */
  readonly inputs: Readonly<Record<string, Pinned>>;
  /** Makes room for so many positions in all. */
  reserve(positions: number): void;
  /** Appends what a forward pass returned for `count` new positions: `[count, 2 × layers × kvHeads × headDim]`. */
  append(fresh: Float32Array, count: number): void;
  /** Forgets positions from `length` on. */
  truncate(length: number): void;
  clear(): void;
}

type Shape = Pick<Architecture, "layers" | "kvHeads" | "headDim">;

/** Arrays of one capacity, and the same as graph inputs. */
interface Caches {
  readonly capacity: number;
  readonly arrays: readonly Float32Array[]; // 2 × layers of [kvHeads, capacity, headDim], k then v of each layer
  readonly inputs: Readonly<Record<string, Pinned>>;
}

/** An empty cache of one capacity step. 46 KB a position for SmolLM2-135M. */
export function createSlot(architecture: Architecture): Slot {
  let caches = allocate(architecture, CAPACITY_STEP);
  let length = 0;
  return {
    get length() {
      return length;
    },
    get capacity() {
      return caches.capacity;
    },
    get inputs() {
      return caches.inputs;
    },
    reserve(positions) {
      if (positions <= caches.capacity) return;
      const larger = allocate(architecture, Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP);
      copyFilled(architecture, { from: caches, to: larger, length });
      caches = larger;
    },
    append(fresh, count) {
      write(architecture, { fresh, caches, length, count });
      length += count;
    },
    truncate(to) {
      length = Math.min(length, to);
    },
    clear() {
      length = 0;
      if (caches.capacity > CAPACITY_STEP) caches = allocate(architecture, CAPACITY_STEP);
    },
  };
}

function allocate({ layers, kvHeads, headDim }: Shape, capacity: number): Caches {
  const size = kvHeads * capacity * headDim;
  const arrays = Array.from({ length: 2 * layers }, () => new Float32Array(size)); // each [kvHeads, capacity, headDim]
  const inputs = arrays.map((array, index): [string, Pinned] => [
    `past.${Math.floor(index / 2)}.${index % 2 === 0 ? "k" : "v"}`,
    pin(array, [1, kvHeads, capacity, headDim]),
  ]);
  return { capacity, arrays, inputs: Object.fromEntries(inputs) };
}

interface Move {
  readonly from: Caches;
  readonly to: Caches;
  readonly length: number;
}

function copyFilled({ kvHeads, headDim }: Shape, { from, to, length }: Move): void {
  to.arrays.forEach((array, index) => {
    for (let head = 0; head < kvHeads; head += 1) {
      const start = head * from.capacity * headDim;
      const filled = from.arrays[index]?.subarray(start, start + length * headDim);
      if (filled) array.set(filled, head * to.capacity * headDim);
    }
  });
}

interface Fresh {
  readonly fresh: Float32Array; // [count, 2 × layers × kvHeads × headDim]
  readonly caches: Caches;
  readonly length: number;
  readonly count: number;
}

function write({ kvHeads, headDim }: Shape, { fresh, caches, length, count }: Fresh): void {
  const { arrays, capacity } = caches;
  const width = arrays.length * kvHeads * headDim;
  if (fresh.length !== count * width)
    throw new Error(`${fresh.length} new keys and values are not ${count} positions of ${width}`);
  if (length + count > capacity) throw new Error(`${length + count} positions do not fit a cache of ${capacity}`);
  for (let row = 0; row < count; row += 1) {
    arrays.forEach((cache, index) => {
      for (let head = 0; head < kvHeads; head += 1) {
        const from = row * width + (index * kvHeads + head) * headDim;
        cache.set(fresh.subarray(from, from + headDim), (head * capacity + length + row) * headDim);
      }
    });
  }
}
