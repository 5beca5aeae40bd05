import type { ShareInterval } from "../training/rates.ts";
import { alarmShare } from "./reply-thresholds.ts";

/** Alarm rates at one threshold of the same replies, judged live and read again. */
export interface RateComparison {
  readonly live: ShareInterval;
  readonly scan: ShareInterval;
  /** Each rate lies within the other's 95 % interval. */
  readonly agrees: boolean;
}

/** The same replies on both paths: alarm rates at both thresholds, and how far the scores lie apart. */
export interface PathComparison {
  readonly replies: number;
  readonly abort: RateComparison;
  readonly flag: RateComparison;
  readonly meanDifference: number;
  readonly largestDifference: number;
}

/** A reply's largest score as it was written, and as it was read again; null where no position was judged. */
export interface PathScores {
  readonly live: number | null;
  readonly scan: number | null;
}

/** Compares both paths at two thresholds. Throws for no replies. */
export function comparePaths(
  replies: readonly PathScores[],
  thresholds: { readonly flag: number; readonly abort: number },
): PathComparison {
  const live = replies.map((reply) => reply.live);
  const scan = replies.map((reply) => reply.scan);
  const apart = replies.flatMap((reply) =>
    reply.live === null || reply.scan === null ? [] : [Math.abs(reply.live - reply.scan)],
  );
  const ratesAt = (threshold: number): RateComparison => {
    const rates = { live: alarmShare(live, threshold), scan: alarmShare(scan, threshold) };
    return { ...rates, agrees: holds(rates.live, rates.scan.value) && holds(rates.scan, rates.live.value) };
  };
  return {
    replies: replies.length,
    abort: ratesAt(thresholds.abort),
    flag: ratesAt(thresholds.flag),
    meanDifference: apart.reduce((sum, each) => sum + each, 0) / Math.max(1, apart.length),
    largestDifference: apart.reduce((largest, each) => Math.max(largest, each), 0),
  };
}

function holds({ low, high }: ShareInterval, value: number): boolean {
  return low <= value && value <= high;
}
