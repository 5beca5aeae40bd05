import { z } from "zod";
import { withCure } from "../schema-problem.ts";

/** How the scores of single positions become one score that is compared with the threshold. */
export type AggregateOptions =
  | {
      /** The largest of the last `window` scores, of all so far when absent. `start` counts as if it had been seen first. */
      readonly type: "max";
      readonly window?: number | undefined;
      readonly start?: number | undefined;
    }
  | {
      /** Exponential moving average: `alpha × raw + (1 − alpha) × before`, with `start` before the first score. */
      readonly type: "ema";
      readonly alpha: number;
      readonly start: number;
    }
  | {
      /** The k-th largest of the last `n` scores (`start` stands for those not seen yet): at the threshold exactly when k of them are. */
      readonly type: "k_of_n";
      readonly k: number;
      readonly n: number;
      readonly start: number;
    };

/** One request's running aggregate. */
export interface Aggregate {
  /** Takes the score of one position and returns the aggregated score. NaN in gives NaN out, then and ever after. */
  push(raw: number): number;
}

/** Strict schema of a definition's `aggregate`. */
export const aggregateSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("max"),
      window: z.int().min(1).max(4096).optional(),
      start: z.number().optional(),
    }),
    z.strictObject({ type: z.literal("ema"), alpha: z.number().gt(0).max(1), start: z.number() }),
    z.strictObject({
      type: z.literal("k_of_n"),
      k: z.int().min(1),
      n: z.int().min(1).max(4096),
      start: z.number(),
    }),
  ])
  .refine((options) => options.type !== "k_of_n" || options.k <= options.n, {
    path: ["k"],
    error: withCure("k is larger than n, so it could never fire", "write a k of at most n"),
  });

/** A fresh aggregate for one request. */
export function createAggregate(options: AggregateOptions): Aggregate {
  const step = createStep(options);
  let poisoned = false;
  return {
    push(raw) {
      // A comparison with NaN is false, so without this a broken score would look like a low one.
      poisoned ||= Number.isNaN(raw);
      return poisoned ? Number.NaN : step(raw);
    },
  };
}

function createStep(options: AggregateOptions): (raw: number) => number {
  switch (options.type) {
    case "max":
      return createMax(options.window ?? Infinity, options.start ?? -Infinity);
    case "ema":
      return createEma(options.alpha, options.start);
    case "k_of_n":
      return createKOfN(options.k, options.n, options.start);
  }
}

function createMax(window: number, start: number): (raw: number) => number {
  if (window === Infinity) {
    let largest = start;
    return (raw) => (largest = Math.max(largest, raw));
  }
  const last = [start];
  return (raw) => {
    last.push(raw);
    if (last.length > window) last.shift();
    return Math.max(...last);
  };
}

function createEma(alpha: number, start: number): (raw: number) => number {
  let average = start;
  return (raw) => (average = alpha * raw + (1 - alpha) * average);
}

function createKOfN(k: number, n: number, start: number): (raw: number) => number {
  const last = Array.from({ length: n }, () => start);
  return (raw) => {
    last.push(raw);
    last.shift();
    return [...last].sort((left, right) => right - left)[k - 1] ?? Number.NaN;
  };
}
