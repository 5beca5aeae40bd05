import type { BootstrapOptions, Sample } from "./bootstrap.ts";
import type { Interval } from "./evaluation.ts";
import { groupedShare, separationOf } from "./group-intervals.ts";
import { placeThreshold } from "./thresholds.ts";

/** How well scores tell rows with a concept from others: over all thresholds (AUROC), and at one of them, as shares of rows. */
export interface JudgeQuality {
  readonly threshold: number;
  readonly auroc: Interval;
  readonly recall: Interval;
  readonly falseAlarms: Interval;
}

/** What a threshold for each of two judges is chosen from. */
export interface ThresholdChoice {
  /** Scores of the same rows without the concept, by the detector and by the text judge; both `[rows]`. */
  readonly negatives: { readonly detector: readonly number[]; readonly judge: readonly number[] };
  /** The detector's own threshold. */
  readonly level: number;
  /** A share of those rows on which either may alarm, in place of the detector's threshold. */
  readonly falseAlarms?: number;
  /** The text judge's threshold, in place of a chosen one. */
  readonly judgeThreshold?: number;
}

/** Both thresholds, and on how many rows without the concept the detector's alarms. */
export interface ChosenThresholds {
  readonly detector: number;
  readonly judge: number;
  readonly alarms: number;
}

/**
 * The detector's threshold is its own, or is placed at a share of false alarms; the judge's is the lowest at which it alarms on no more of the
 * same rows than that. Throws for no rows and for scores that are not finite.
 */
export function chooseThresholds(choice: ThresholdChoice): ChosenThresholds {
  const { negatives, level, falseAlarms, judgeThreshold } = choice;
  const placed = (scores: readonly number[], most: number): number => placeThreshold(scores, most).threshold;
  const share = falseAlarms === undefined ? undefined : Math.floor(falseAlarms * negatives.detector.length + 1e-9);
  const detector = share === undefined ? level : placed(negatives.detector, share);
  const alarms = negatives.detector.filter((score) => score >= detector).length;
  return { detector, judge: judgeThreshold ?? placed(negatives.judge, share ?? alarms), alarms };
}

/** Quality at a threshold with 95 % intervals that know of groups. Throws for one class and NaN. */
export function qualityAt(sample: Sample, threshold: number, options: BootstrapOptions = {}): JudgeQuality {
  const { auroc } = separationOf(sample, options);
  const firedOf = (label: 0 | 1): Interval => {
    const rows = sample.groups.map((_, row) => row).filter((row) => sample.labels[row] === label);
    return groupedShare(
      rows.map((row) => (sample.scores[row] ?? NaN) >= threshold),
      rows.map((row) => sample.groups[row] ?? ""),
    );
  };
  return { threshold, auroc, recall: firedOf(1), falseAlarms: firedOf(0) };
}
