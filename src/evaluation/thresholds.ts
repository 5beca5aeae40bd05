import { quantile } from "./bootstrap.ts";
import { binomialInterval, binomialUpper, distinctRepliesNeeded, type ShareInterval } from "../training/rates.ts";

/** A false-alarm rate per reply, claimed with a confidence (0.95 unless told). */
export interface RateClaim {
  readonly rate: number;
  readonly confidence?: number;
}

/** A threshold at or above which a detector fires, with what it did on the replies that set it. */
export interface ClaimedThreshold {
  readonly threshold: number;
  readonly alarms: number;
  readonly replies: number;
  /** With the confidence of the claim, the false-alarm rate is at most this. */
  readonly upper: number;
}

/** How many replies people can look at in a day, of how many that are served. */
export interface ReviewBudget {
  readonly reviewsPerDay: number;
  readonly repliesPerDay: number;
}

/** A threshold for review: alarms among the replies that set it, and reviews a day to expect, with the 95 % interval. */
export interface BudgetThreshold {
  readonly threshold: number;
  readonly alarms: number;
  readonly replies: number;
  readonly perDay: ShareInterval;
}

const CONFIDENCE = 0.95;
const TAIL = 10;

/**
 * The lowest threshold that carries a claim: k alarms among n distinct replies without the concept, with an exact one-sided upper bound of at most the rate.
 * How many alarms are allowed follows from n and the rate alone, never from the scores, so that choosing the threshold does not weaken the claim.
 * It lies halfway between the lowest score that alarms and the highest that does not, so that small differences of rounding move neither across it;
 * where none may alarm, above the highest score by the mean gap of the ten highest. Throws with the number of replies needed when even none is too many.
 */
export function abortThreshold(
  scores: readonly number[],
  { rate, confidence = CONFIDENCE }: RateClaim,
): ClaimedThreshold {
  const needed = distinctRepliesNeeded(rate, confidence);
  const replies = scores.length;
  if (replies < needed) {
    const name = `a false-alarm rate of ${percent(rate)} at ${percent(confidence)} confidence`;
    throw new Error(`${name} needs ${needed} distinct replies without the concept: there are ${replies}`);
  }
  const { threshold, alarms } = placeThreshold(scores, mostAlarms(replies, { rate, confidence }));
  return { threshold, alarms, replies, upper: binomialUpper(alarms, replies, confidence) };
}

/**
 * The lowest threshold whose alarms among ordinary replies fit a budget of reviews, placed as `abortThreshold` does.
 * Throws for a budget that so few replies cannot resolve, with the number needed.
 */
export function flagThreshold(
  scores: readonly number[],
  { reviewsPerDay, repliesPerDay }: ReviewBudget,
): BudgetThreshold {
  if (!(reviewsPerDay > 0 && repliesPerDay > 0 && repliesPerDay < Infinity)) {
    throw new Error(`${reviewsPerDay} reviews of ${repliesPerDay} replies a day: both must be more than 0`);
  }
  const share = Math.min(1, reviewsPerDay / repliesPerDay);
  const replies = scores.length;
  const most = Math.floor(share * replies + 1e-9);
  if (most === 0) {
    const name = `${reviewsPerDay} reviews of ${repliesPerDay} replies a day are ${percent(share)}`;
    throw new Error(
      `${name}: at least ${Math.ceil(1 / share)} distinct ordinary replies are needed, there are ${replies}`,
    );
  }
  const { threshold, alarms } = placeThreshold(scores, most);
  const { value, low, high } = binomialInterval(alarms, replies);
  const perDay = { value: value * repliesPerDay, low: low * repliesPerDay, high: high * repliesPerDay };
  return { threshold, alarms, replies, perDay };
}

/** Scores of ordinary text at fixed percentages: what share of it scores lower. Throws for none and for NaN. */
export function percentilesOf(scores: readonly number[]): (readonly [percent: number, score: number])[] {
  const sorted = sortedScores(scores);
  return PERCENTS.map((share) => [share, quantile(sorted, share / 100)]);
}

const PERCENTS = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100] as const;

// The bound grows with the alarms, so that the largest number that fits is found by halving.
function mostAlarms(replies: number, { rate, confidence }: Required<RateClaim>): number {
  let [fits, fails] = [0, replies];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (binomialUpper(middle, replies, confidence) <= rate) fits = middle;
    else fails = middle;
  }
  return fits;
}

/** The lowest threshold at which at most so many of the scores alarm, and how many do. */
export function placeThreshold(scores: readonly number[], most: number): { threshold: number; alarms: number } {
  const sorted = sortedScores(scores);
  const descending = (at: number): number => sorted[sorted.length - 1 - at] ?? NaN;
  const top = descending(0);
  let alarms = Math.min(most, sorted.length);
  // Equal scores alarm together or not at all.
  while (alarms > 0 && alarms < sorted.length && descending(alarms - 1) === descending(alarms)) alarms -= 1;
  if (alarms === sorted.length) return { threshold: descending(alarms - 1), alarms };
  if (alarms > 0) {
    const [above, below] = [descending(alarms - 1), descending(alarms)];
    const middle = below + (above - below) / 2;
    return { threshold: middle > below ? middle : above, alarms };
  }
  const last = Math.min(TAIL, sorted.length) - 1;
  const gap = last > 0 ? (top - descending(last)) / last : 0;
  return { threshold: top + Math.max(gap, 1e-6 * Math.max(1, Math.abs(top))), alarms };
}

function sortedScores(scores: readonly number[]): Float64Array {
  if (scores.length === 0) throw new Error("there are no scores");
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) throw new Error(`the score of reply ${bad} is ${scores[bad]}: it must be finite`);
  return Float64Array.from(scores).sort();
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}
