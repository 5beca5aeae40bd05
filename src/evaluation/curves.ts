import type { FormResult } from "./evaluation.ts";
import { rankRows } from "../training/rates.ts";

const BINS = 40;
const RESOLUTION = 1 / 200;

/** The ROC curve from (0, 0) to (1, 1), thinned to steps of at least 1/200 in one of the two shares. Throws as `rankRows` does. */
export function rocOf(scores: ArrayLike<number>, labels: ArrayLike<number>): FormResult["roc"] {
  const ranked = rankRows(scores, labels);
  const positives = ranked.labels.reduce((sum, label) => sum + label, 0);
  const negatives = ranked.labels.length - positives;
  const points: (readonly [number, number])[] = [[0, 0]];
  let [falseAlarms, hits] = [0, 0];
  for (let at = ranked.labels.length - 1; at >= 0; at -= 1) {
    if (ranked.labels[at] === 1) hits += 1;
    else falseAlarms += 1;
    // Equal scores fall together.
    if (at > 0 && ranked.scores[at - 1] === ranked.scores[at]) continue;
    const point = [falseAlarms / negatives, hits / positives] as const;
    const [lastX, lastY] = points.at(-1) ?? [0, 0];
    if (at === 0 || point[0] - lastX >= RESOLUTION || point[1] - lastY >= RESOLUTION) points.push(point);
  }
  return points;
}

/** Counts of both classes over 40 even bins from the lowest to the highest score; a score on an edge is in the bin above it, the highest in the last. */
export function histogramOf(scores: readonly number[], labels: readonly number[]): FormResult["histogram"] {
  const sorted = scores.toSorted((left, right) => left - right);
  const [lowest = 0, highest = 0] = [sorted[0], sorted.at(-1)];
  const [start, end] = lowest === highest ? [lowest - 0.5, lowest + 0.5] : [lowest, highest];
  const width = (end - start) / BINS;
  const edges = Array.from({ length: BINS + 1 }, (_, bin) => (bin === BINS ? end : start + bin * width));
  const countsOf = (label: number): number[] => {
    const counts = Array.from({ length: BINS }, () => 0);
    scores.forEach((score, row) => {
      if (labels[row] !== label) return;
      const bin = Math.min(BINS - 1, Math.floor((score - start) / width));
      counts[bin] = (counts[bin] ?? 0) + 1;
    });
    return counts;
  };
  return { edges, positives: countsOf(1), negatives: countsOf(0) };
}
