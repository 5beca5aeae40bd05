/// <reference lib="es2024.arraybuffer" />
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

/** Views of one capacity over the slot's memory, and the same as graph inputs. */
interface Caches {
  readonly capacity: number;
  readonly arrays: readonly Float32Array[]; // 2 × layers of [kvHeads, capacity, headDim], k then v of each layer
  readonly inputs: Readonly<Record<string, Pinned>>;
}

/**
 * An empty cache of one capacity step. 46 KB a position for SmolLM2-135M. It grows in place up to `contextTokens`, so that
 * nothing is left for the garbage collector, and what it gives back goes to the system at once.
 */
export function createSlot(architecture: Architecture, contextTokens: number = architecture.trainedContext): Slot {
  const most = Math.max(CAPACITY_STEP, inSteps(contextTokens));
  const memory = new ArrayBuffer(bytesOf(architecture, CAPACITY_STEP), { maxByteLength: bytesOf(architecture, most) });
  let caches = divide(architecture, memory, CAPACITY_STEP);
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
      const capacity = inSteps(positions);
      if (capacity > most) throw new Error(`${positions} positions do not fit a slot of ${most}`);
      memory.resize(bytesOf(architecture, capacity));
      spread(architecture, { memory, from: caches.capacity, to: capacity, length });
      caches = divide(architecture, memory, capacity);
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
      if (caches.capacity === CAPACITY_STEP) return;
      memory.resize(bytesOf(architecture, CAPACITY_STEP));
      caches = divide(architecture, memory, CAPACITY_STEP);
    },
  };
}

function inSteps(positions: number): number {
  return Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP;
}

function bytesOf({ layers, kvHeads, headDim }: Shape, capacity: number): number {
  return 2 * layers * kvHeads * capacity * headDim * Float32Array.BYTES_PER_ELEMENT;
}

function divide({ layers, kvHeads, headDim }: Shape, memory: ArrayBuffer, capacity: number): Caches {
  const size = kvHeads * capacity * headDim;
  const arrays = Array.from(
    { length: 2 * layers },
    (_, index) => new Float32Array(memory, index * size * Float32Array.BYTES_PER_ELEMENT, size), // [kvHeads, capacity, headDim]
  );
  const inputs = arrays.map((array, index): [string, Pinned] => [
    `past.${Math.floor(index / 2)}.${index % 2 === 0 ? "k" : "v"}`,
    pin(array, [1, kvHeads, capacity, headDim]),
  ]);
  return { capacity, arrays, inputs: Object.fromEntries(inputs) };
}

interface Growth {
  readonly memory: ArrayBuffer;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

// Every head moves up, so the last one goes first.
function spread({ layers, kvHeads, headDim }: Shape, { memory, from, to, length }: Growth): void {
  const all = new Float32Array(memory); // [2 × layers, kvHeads, to, headDim]
  for (let head = 2 * layers * kvHeads - 1; head > 0; head -= 1) {
    const start = head * from * headDim;
    all.copyWithin(head * to * headDim, start, start + length * headDim);
  }
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
