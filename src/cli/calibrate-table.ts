import type { LoadedDetector } from "../detect/loader.ts";
import type { Interval, OnsetPoint } from "../evaluation/evaluation.ts";
import type { PathComparison, RateComparison } from "../evaluation/path-comparison.ts";
import { round, roundUp, type PlacedThreshold, type ReplyThresholds } from "../evaluation/reply-thresholds.ts";
import { binomialInterval } from "../training/rates.ts";
import type { OnsetCurves } from "./calibrate-onset.ts";
import type { Recall } from "./calibrate-positives.ts";

/** Everything that was measured of one detector. */
export interface DetectorCalibration {
  readonly detector: LoadedDetector;
  readonly claim: number;
  /** Rows that repeated another one and do not count. */
  readonly duplicates: number;
  /** Largest score of each ordinary reply, in the order of the rows. */
  readonly live: readonly (number | null)[];
  readonly thresholds: ReplyThresholds;
  readonly comparison: PathComparison | null;
  readonly recall: Recall | null;
  readonly onset: OnsetCurves | null;
}

const WIDTH = 14;

/** The table of one detector: a head, then a line a thing that was measured. */
export function formatCalibration(result: DetectorCalibration): string[] {
  const { detector, thresholds, duplicates, claim, recall } = result;
  const { replies, abort, flag, upper, perDay, flagLowered, percentiles } = thresholds;
  const repeated = duplicates === 0 ? "" : ` (${duplicates} repeated rows do not count)`;
  const reviews = perDay === null ? "" : `, ${formatCount(perDay)} reviews a day expected`;
  const lowered = flagLowered ? ["flags are allowed fewer alarms than aborts: both have the threshold for aborts"] : [];
  const abortRate = `${formatAlarms(abort, replies)}, at most ${percent(roundUp(upper, 3))} (claimed: ${percent(claim)})`;
  const ends = Object.entries(percentiles).map(([share, score]) => `${share} %: ${score}`);
  return [
    `${detector.id}: ${replies} distinct ordinary replies${repeated}`,
    line("abort", `${String(abort.threshold).padEnd(10)}${abortRate}`),
    line("flag", `${String(flag.threshold).padEnd(10)}${formatAlarms(flag, replies)}${reviews}`),
    ...lowered.map((text) => line("", text)),
    line("percentiles", ends.join("   ")),
    ...(recall === null ? [] : formatRecall(recall)),
    ...(result.onset === null ? [] : formatOnset(result.onset)),
    ...(result.comparison === null ? [] : formatComparison(result.comparison)),
  ];
}

/** How many ordinary replies fire for at least one of several detectors. */
export function formatUnion(results: readonly DetectorCalibration[]): string {
  const replies = results[0]?.live.length ?? 0;
  const fired = (level: "flag" | "abort"): string => {
    const alarms = Array.from({ length: replies }, (_, row) => row).filter((row) =>
      results.some(({ live, thresholds }) => (live[row] ?? -Infinity) >= thresholds[level].threshold),
    ).length;
    return `${alarms} ${level} (${formatShare(binomialInterval(alarms, replies))})`;
  };
  return `any of the ${results.length}: of ${replies} replies ${fired("abort")}, ${fired("flag")}`;
}

function formatRecall({ rows, flag, abort }: Recall): string[] {
  return [
    line("recall", `abort ${formatShare(abort)}, flag ${formatShare(flag)}, of ${rows} replies with the concept`),
  ];
}

function formatOnset({ abort, flag, holdTokens, reason }: OnsetCurves): string[] {
  const curve = (points: readonly OnsetPoint[]): string =>
    points.map(({ hold, leakedMedian }) => `${hold}: ${leakedMedian ?? "–"}`).join("   ");
  const head = ({ points, rows, early }: OnsetCurves["abort"]): string => {
    const caught = points[0] === undefined ? "none" : formatShare(points[0].caught);
    return `of ${rows} onsets caught ${caught}, ${early} early; median leak by tokens held  ${curve(points)}`;
  };
  return [
    line("onset, abort", head(abort)),
    line("onset, flag", head(flag)),
    line("hold_tokens", `${holdTokens}: ${reason}`),
  ];
}

function formatComparison({ replies, abort, flag, meanDifference, largestDifference }: PathComparison): string[] {
  const row = (name: string, { live, scan, agrees }: RateComparison): string =>
    line(
      name,
      `live ${formatShare(live)}, scanned ${formatShare(scan)}: ${agrees ? "each lies" : "NOT each lies"} within the other's interval`,
    );
  return [
    line(
      "live and scan",
      `${replies} replies; scores differ by ${round(meanDifference)} on average, at most ${round(largestDifference)}`,
    ),
    row("  abort", abort),
    row("  flag", flag),
  ];
}

function formatAlarms({ alarms, rate }: PlacedThreshold, replies: number): string {
  return `${alarms} of ${replies} alarm, ${formatShare(rate)}`;
}

function formatShare({ value, low, high }: Interval): string {
  return `${percent(value)} [${percent(low)}, ${percent(high)}]`;
}

function formatCount({ value, low, high }: Interval): string {
  return `${round(value)} [${round(low)}, ${round(high)}]`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(WIDTH)}${text}`;
}
