import { binomialInterval, distinctRepliesNeeded, type ShareInterval } from "../training/rates.ts";
import { quantile } from "./bootstrap.ts";
import { abortThreshold, flagThreshold } from "./thresholds.ts";

/** What thresholds are asked for: a claim for aborts, and for flags a share of replies or a budget a day. */
export interface ThresholdRequest {
  /** Largest false-alarm rate per reply at the threshold for aborts, with 95 % confidence. */
  readonly claim: number;
  /** Share of ordinary replies that may flag. */
  readonly flagRate: number;
  /** How many replies are served a day, where it is known. */
  readonly repliesPerDay?: number;
}

/** One threshold, with what it did on the replies that set it. */
export interface PlacedThreshold {
  readonly threshold: number;
  readonly alarms: number;
  /** The share of replies with its 95 % interval. */
  readonly rate: ShareInterval;
}

/** Both thresholds of a detector on so many distinct ordinary replies. */
export interface ReplyThresholds {
  readonly replies: number;
  readonly abort: PlacedThreshold;
  readonly flag: PlacedThreshold;
  /** With 95 % confidence the false-alarm rate at the threshold for aborts is at most this. */
  readonly upper: number;
  /** Expected flags a day, where the number of replies a day is known. */
  readonly perDay: ShareInterval | null;
  /** The budget would have put the threshold for flags above that for aborts. */
  readonly flagLowered: boolean;
  readonly percentiles: Readonly<Record<"50" | "90" | "99" | "99.9", number>>;
}

const CONFIDENCE = 0.95;

/** Throws, with the numbers and the cure, for a claim or a share of flags that so many distinct replies cannot carry. */
export function checkReplies(replies: number, { claim, flagRate }: ThresholdRequest): void {
  const needed = distinctRepliesNeeded(claim, CONFIDENCE);
  if (replies < needed) {
    const carried = -Math.expm1(Math.log(1 - CONFIDENCE) / replies);
    throw new Error(
      `a false-alarm rate of ${claim} at 95 % confidence needs ${needed} distinct ordinary replies, there are ${replies}: ` +
        `claim at least ${roundUp(carried, 2)} with --claim, or add ${needed - replies} rows`,
    );
  }
  if (Math.floor(flagRate * replies + 1e-9) === 0) {
    const least = Math.ceil(1 / flagRate);
    throw new Error(
      `flags on ${round(flagRate)} of ordinary replies need ${least} distinct replies to be placed, there are ${replies}: ` +
        `allow more reviews, or add ${least - replies} rows`,
    );
  }
}

/**
 * Both thresholds from the largest score of each distinct ordinary reply, rounded up to 4 digits, or to as many as leave every reply on its side.
 * Null stands for a reply that was not judged: it scores lowest. Throws as `checkReplies` does, and where no reply was judged.
 */
export function placeThresholds(given: readonly (number | null)[], request: ThresholdRequest): ReplyThresholds {
  checkReplies(given.length, request);
  const judged = given.filter((score) => score !== null);
  if (judged.length === 0) throw new Error("no position of any reply was judged: there is no score to set a threshold");
  const lowest = judged.reduce((least, score) => Math.min(least, score), Infinity);
  const scores = given.map((score) => score ?? lowest);
  const abort = abortThreshold(scores, { rate: request.claim });
  const flag = flagThreshold(scores, { reviewsPerDay: request.flagRate, repliesPerDay: 1 });
  const aborting = placed(scores, abort.threshold);
  const flagging = placed(scores, flag.threshold);
  const flagLowered = flagging.threshold > aborting.threshold;
  const chosen = flagLowered ? aborting : flagging;
  return {
    replies: scores.length,
    abort: aborting,
    flag: chosen,
    upper: abort.upper,
    perDay: request.repliesPerDay === undefined ? null : scaled(chosen.rate, request.repliesPerDay),
    flagLowered,
    percentiles: percentilesIn(scores),
  };
}

/** The share of scores at or above a threshold, with its 95 % interval; null is below every threshold. */
export function alarmShare(scores: readonly (number | null)[], threshold: number): ShareInterval {
  return binomialInterval(countAlarms(scores, threshold), scores.length);
}

/** A number rounded up to so many significant digits. */
export function roundUp(value: number, digits: number): number {
  const near = Number(value.toPrecision(digits));
  if (near >= value || value === 0) return near;
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  const raised = near + 10 ** (exponent - digits + 1);
  return Number(raised.toPrecision(digits));
}

/** A number rounded to 4 significant digits. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** A threshold rounded up to 4 digits, or to as many as leave every score on its side. */
export function placed(scores: readonly number[], exact: number): PlacedThreshold {
  const alarms = countAlarms(scores, exact);
  // Rounding must carry no reply across: that would be another threshold than the one that was asked for.
  let threshold = exact;
  for (let digits = 4; digits <= 15; digits += 1) {
    const rounded = roundUp(exact, digits);
    if (countAlarms(scores, rounded) !== alarms) continue;
    threshold = rounded;
    break;
  }
  return { threshold, alarms, rate: binomialInterval(alarms, scores.length) };
}

function countAlarms(scores: readonly (number | null)[], threshold: number): number {
  return scores.filter((score) => score !== null && score >= threshold).length;
}

function scaled({ value, low, high }: ShareInterval, by: number): ShareInterval {
  return { value: value * by, low: low * by, high: high * by };
}

function percentilesIn(scores: readonly number[]): ReplyThresholds["percentiles"] {
  const sorted = Float64Array.from(scores).sort();
  const at = (share: number): number => round(quantile(sorted, share));
  return { "50": at(0.5), "90": at(0.9), "99": at(0.99), "99.9": at(0.999) };
}
