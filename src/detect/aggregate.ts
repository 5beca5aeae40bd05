import { z } from "zod";
import { withCure } from "../schema-problem.ts";
import { createLargest, createSlidingFold, createSum } from "./running-fold.ts";

/** How the scores of single positions become one score that is compared with the threshold, and from when on. */
export type AggregateOptions = AggregateForm & {
  /** `prompt_end`: scores before the prompt's last position are only gathered: nothing leaves before it, but what a window has forgotten by then is not seen. `always` when absent. */
  readonly compare?: "always" | "prompt_end" | undefined;
};

type AggregateForm =
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
    }
  | {
      /** With `window` the mean of the last scores, `start` for those not seen; with `weight` that of all and of `weight` copies of `start`. */
      readonly type: "mean";
      readonly window?: number | undefined;
      readonly weight?: number | undefined;
      readonly start: number;
    }
  | {
      /** Mean of the `k` largest means of `window` scores (1 when absent) so far, as if `start` had been seen k + window times before. */
      readonly type: "top_k";
      readonly k: number;
      readonly window?: number | undefined;
      readonly start: number;
    }
  | {
      /** Cumulative sum that never falls below 0: `max(0, before + raw − drift)`, with `start` (0 when absent) before the first. */
      readonly type: "cusum";
      readonly drift: number;
      readonly start?: number | undefined;
    };

/** One request's running aggregate. */
export interface Aggregate {
  /** Takes the score of one position and returns the aggregated score. NaN in gives NaN out, then and ever after. */
  push(raw: number): number;
}

const count = z.int().min(1).max(4096);
const compare = z.enum(["always", "prompt_end"]).optional();

/** Strict schema of a definition's `aggregate`. */
export const aggregateSchema = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("max"), compare, window: count.optional(), start: z.number().optional() }),
    z.strictObject({ type: z.literal("ema"), compare, alpha: z.number().gt(0).max(1), start: z.number() }),
    z.strictObject({ type: z.literal("k_of_n"), compare, k: z.int().min(1), n: count, start: z.number() }),
    z.strictObject({
      type: z.literal("mean"),
      compare,
      window: count.optional(),
      weight: z.number().gt(0).max(1_000_000).optional(),
      start: z.number(),
    }),
    z.strictObject({ type: z.literal("top_k"), compare, k: count, window: count.optional(), start: z.number() }),
    z.strictObject({ type: z.literal("cusum"), compare, drift: z.number(), start: z.number().min(0).optional() }),
  ])
  .refine((options) => options.type !== "k_of_n" || options.k <= options.n, {
    path: ["k"],
    error: withCure("k is larger than n, so it could never fire", "write a k of at most n"),
  })
  .refine((options) => options.type !== "mean" || (options.window === undefined) !== (options.weight === undefined), {
    error: withCure(
      "a mean needs exactly one of window and weight",
      "write window for the last scores, weight for all of them",
    ),
  });

/** The score that an aggregate has before anything was read; undefined where it has none. */
export function startOf(options: AggregateOptions): number | undefined {
  return options.type === "cusum" ? (options.start ?? 0) : options.start;
}

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
    case "mean":
      return options.window === undefined
        ? createRunningMean(options.weight ?? 1, options.start)
        : createWindowMean(options.window, options.start);
    case "top_k":
      return createTopK(options.k, options.window ?? 1, options.start);
    case "cusum":
      return createCusum(options.drift, options.start ?? 0);
  }
}

function createMax(window: number, start: number): (raw: number) => number {
  if (window !== Infinity) return createSlidingFold({ window, start, combine: Math.max });
  let largest = start;
  return (raw) => (largest = Math.max(largest, raw));
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

function createWindowMean(window: number, start: number): (raw: number) => number {
  const sum = createSlidingFold({ window, start, combine: (left, right) => left + right });
  return (raw) => sum(raw) / window;
}

function createRunningMean(weight: number, start: number): (raw: number) => number {
  const sum = createSum(weight * start);
  let seen = weight;
  return (raw) => sum.add(raw) / (seen += 1);
}

function createTopK(k: number, window: number, start: number): (raw: number) => number {
  const mean = createWindowMean(window, start);
  const largest = createLargest(k, start);
  return (raw) => largest(mean(raw)) / k;
}

function createCusum(drift: number, start: number): (raw: number) => number {
  const sum = createSum(start);
  return (raw) => {
    const total = sum.add(raw - drift);
    if (total < 0) sum.reset(0);
    return Math.max(0, total);
  };
}
