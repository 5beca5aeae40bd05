/** What a sliding fold is made of; `combine` is associative. */
export interface SlidingFoldOptions {
  readonly window: number;
  /** Stands for values not seen yet. */
  readonly start: number;
  readonly combine: (left: number, right: number) => number;
}

/**
 * Folds the last `window` values at every push, in constant time on average. Nothing is ever taken out of a result again: a
 * block of `window` values is folded from its end once, and the values after it from their beginning, so no error adds up.
 */
export function createSlidingFold({ window, start, combine }: SlidingFoldOptions): (value: number) => number {
  const block = new Float64Array(window); // [window]
  // tails[n]: the fold of the last block's values from n on.
  const tails = new Float64Array(window).fill(start); // [window]
  for (let index = window - 2; index >= 0; index -= 1) tails[index] = combine(start, tails[index + 1] ?? start);
  let filled = 0;
  let head = 0;
  return (value) => {
    head = filled === 0 ? value : combine(head, value);
    block[filled] = value;
    filled += 1;
    if (filled < window) return combine(tails[filled] ?? start, head);
    filled = 0;
    tails[window - 1] = value;
    for (let index = window - 2; index >= 0; index -= 1)
      tails[index] = combine(block[index] ?? start, tails[index + 1] ?? start);
    return head;
  };
}

/** A sum whose rounding errors are kept beside it (Neumaier), so that it stays exact over any number of steps. */
export function createSum(start: number): { add(value: number): number; reset(value: number): void } {
  let sum = start;
  let lost = 0;
  return {
    add(value) {
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
      return sum + lost;
    },
    reset(value) {
      sum = value;
      lost = 0;
    },
  };
}

/** Sum of the `count` largest values so far, with `count` copies of `start` seen first; a heap, so logarithmic in `count`. */
export function createLargest(count: number, start: number): (value: number) => number {
  const heap = new Float64Array(count).fill(start); // [count], the smallest first
  let sum = count * start;
  let exchanged = 0;
  return (value) => {
    const smallest = heap[0] ?? start;
    if (!(value > smallest)) return sum;
    sink(heap, value);
    exchanged += 1;
    sum += value - smallest;
    // A running sum drifts; adding it up anew every `count` exchanges costs no more than the exchanges did.
    if (exchanged % count === 0) sum = heap.reduce((total, each) => total + each, 0);
    return sum;
  };
}

/** Puts a value in the place of the smallest. */
function sink(heap: Float64Array, value: number): void {
  const at = (place: number) => heap[place] ?? Infinity;
  let place = 0;
  for (;;) {
    const left = 2 * place + 1;
    const child = at(left + 1) < at(left) ? left + 1 : left;
    if (at(child) >= value) break;
    heap[place] = at(child);
    place = child;
  }
  heap[place] = value;
}
