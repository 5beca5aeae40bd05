import type { Calibration } from "../detect/calibration.ts";
import type { DetectorScore } from "../detect/finding.ts";

/** A detector with what its largest scores were when its threshold was set. */
export interface DriftDetector {
  readonly id: string;
  /** Scores of another definition are not compared. */
  readonly hash: string;
  readonly calibration: Calibration;
}

/** How far the scores of live replies are from those of calibration. */
export interface Drift {
  /** The detectors that run from now on. Scores of those that did not change are kept. */
  learn(detectors: readonly DriftDetector[]): void;
  /** The largest scores of one reply. */
  saw(scores: readonly DetectorScore[]): void;
  /**
   * Of every learnt detector: the largest difference of the shares of replies at or below the calibration's percentiles, 0 to 1. NaN while
   * fewer than 200 replies are known, and where the definition has no percentiles.
   */
  distances(): ReadonlyMap<string, number>;
}

/** With so few a share is known to 7 points (two standard deviations at the median). */
const LEAST_REPLIES = 200;
/** The newest replies: a detector that goes blind takes half of them over within 200. */
const KEPT_REPLIES = 400;

interface Window {
  readonly hash: string;
  readonly percentiles: readonly (readonly [share: number, score: number])[];
  /** Newest last. */
  readonly scores: number[];
}

/** Compares nothing before it has learnt of detectors. */
export function createDrift(): Drift {
  let windows = new Map<string, Window>();
  return {
    learn(detectors) {
      windows = new Map(
        detectors.map(({ id, hash, calibration }) => {
          const known = windows.get(id);
          const scores = known?.hash === hash ? known.scores : [];
          return [id, { hash, scores, percentiles: percentilesOf(calibration) }];
        }),
      );
    },
    saw(scores) {
      for (const { detector, hash, score } of scores) {
        const window = windows.get(detector);
        if (window === undefined || window.hash !== hash || score === null) continue;
        window.scores.push(score);
        if (window.scores.length > KEPT_REPLIES) window.scores.shift();
      }
    },
    distances: () => new Map([...windows].map(([id, window]) => [id, distanceOf(window)])),
  };
}

function percentilesOf(calibration: Calibration): Window["percentiles"] {
  if (calibration.status !== "calibrated" || calibration.percentiles === undefined) return [];
  return Object.entries(calibration.percentiles).map(([percent, score]) => [Number(percent) / 100, score] as const);
}

function distanceOf({ percentiles, scores }: Window): number {
  if (percentiles.length === 0 || scores.length < LEAST_REPLIES) return NaN;
  return Math.max(
    ...percentiles.map(([share, at]) => Math.abs(scores.filter((score) => score <= at).length / scores.length - share)),
  );
}
