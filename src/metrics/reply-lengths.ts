import type { ConfirmedAbort } from "./tax.ts";

/** Replies that are kept of one bucket, the newest. */
const KEPT = 2_000;
/** Fewer longer replies than this say nothing of how long one would have gone on. */
const FEWEST = 5;

/** How long completed replies were, by what they were allowed. */
export interface Lengths {
  add(reply: ConfirmedAbort): void;
  /** Median of the tokens that completed replies of the same bucket still wrote after as many; undefined when too few were that long. */
  remaining(abort: ConfirmedAbort): number | undefined;
}

/** Buckets of `max_tokens` are powers of two, from 16 on. */
export function lengthBucket(maxTokens: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(Math.max(1, maxTokens))));
}

/** Lengths in memory, newest kept. */
export function createLengths(): Lengths {
  const kept = new Map<number, number[]>();
  return {
    add({ maxTokens, generatedTokens }) {
      const bucket = lengthBucket(maxTokens);
      const lengths = kept.get(bucket) ?? [];
      lengths.push(generatedTokens);
      if (lengths.length > KEPT) lengths.shift();
      kept.set(bucket, lengths);
    },
    remaining({ maxTokens, generatedTokens }) {
      const longer = (kept.get(lengthBucket(maxTokens)) ?? [])
        .filter((length) => length > generatedTokens)
        .sort((one, other) => one - other);
      if (longer.length < FEWEST) return undefined;
      const middle = (longer.length - 1) / 2;
      const median = ((longer[Math.floor(middle)] ?? 0) + (longer[Math.ceil(middle)] ?? 0)) / 2;
      return median - generatedTokens;
    },
  };
}
