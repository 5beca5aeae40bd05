import { betaQuantile } from "./beta.ts";

/** Scores in ascending order with the labels, 0 or 1, and the index that each had before; all [n]. */
export interface RankedRows {
  readonly scores: Float64Array;
  readonly labels: Uint8Array;
  readonly origin: Int32Array;
}

/** A share with the bounds of its interval. */
export interface ShareInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Sorts rows by score. Throws for a score that is no number, a label other than 0 and 1, and a class without rows. */
export function rankRows(scores: ArrayLike<number>, labels: ArrayLike<number>): RankedRows {
  const n = scores.length;
  if (labels.length !== n) throw new Error(`${labels.length} labels for ${n} scores`);
  let positives = 0;
  for (let row = 0; row < n; row += 1) {
    if (Number.isNaN(scores[row])) throw new Error(`the score of row ${row} is NaN`);
    if (labels[row] !== 0 && labels[row] !== 1)
      throw new Error(`label ${labels[row]} of row ${row}: labels are 0 and 1`);
    positives += labels[row]!;
  }
  if (positives === 0 || positives === n) {
    throw new Error(`${positives} positives among ${n} rows: both classes are needed`);
  }
  const origin = Int32Array.from({ length: n }, (_, row) => row);
  origin.sort((left, right) => scores[left]! - scores[right]! || left - right);
  return {
    scores: Float64Array.from(origin, (row) => scores[row]!),
    labels: Uint8Array.from(origin, (row) => labels[row]!),
    origin,
  };
}

/** The chance that a positive scores above a negative, ties as half. Throws as `rankRows` does. */
export function auroc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return rankedAuroc(rankRows(scores, labels));
}

/** AUROC of ranked rows, each counted so often [n] (once without counts); NaN when the counts leave one class. */
export function rankedAuroc({ scores, labels }: RankedRows, counts?: Int32Array): number {
  let [below, wins, positives] = [0, 0, 0];
  for (let at = 0; at < scores.length;) {
    const score = scores[at]!;
    let [tiedPositives, tiedNegatives] = [0, 0];
    for (; at < scores.length && scores[at] === score; at += 1) {
      const count = counts === undefined ? 1 : counts[at]!;
      if (labels[at] === 1) tiedPositives += count;
      else tiedNegatives += count;
    }
    wins += tiedPositives * (below + tiedNegatives / 2);
    below += tiedNegatives;
    positives += tiedPositives;
  }
  return wins / (positives * below);
}

/**
 * The threshold that at most `rate` of the negatives lie strictly above, and the share of positives strictly above it.
 * The threshold is the negative at ⌊(1 − rate) · n⌋ in ascending order, as the acceptance check takes it. Throws for an empty class.
 */
export function recallAt(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
  rate: number,
): { readonly recall: number; readonly threshold: number } {
  const scores = [...Array.from(positives), ...Array.from(negatives)];
  const ranked = rankRows(
    scores,
    scores.map((_, row) => (row < positives.length ? 1 : 0)),
  );
  return { recall: rankedRecall(ranked, rate), threshold: rankedThreshold(ranked, rate) };
}

/** The share of positives above the threshold of `recallAt`, of ranked rows, each counted so often [n] (once without counts). */
export function rankedRecall(ranked: RankedRows, rate: number, counts?: Int32Array): number {
  const { scores, labels } = ranked;
  const threshold = rankedThreshold(ranked, rate, counts);
  let [above, positives] = [0, 0];
  for (let at = 0; at < scores.length; at += 1) {
    if (labels[at] === 0) continue;
    const count = counts === undefined ? 1 : counts[at]!;
    positives += count;
    if (scores[at]! > threshold) above += count;
  }
  return above / positives;
}

function rankedThreshold({ scores, labels }: RankedRows, rate: number, counts?: Int32Array): number {
  let negatives = 0;
  for (let at = 0; at < scores.length; at += 1) {
    if (labels[at] === 0) negatives += counts === undefined ? 1 : counts[at]!;
  }
  let left = Math.min(negatives - 1, Math.floor((1 - rate) * negatives));
  for (let at = 0; at < scores.length; at += 1) {
    if (labels[at] === 1) continue;
    left -= counts === undefined ? 1 : counts[at]!;
    if (left < 0) return scores[at]!;
  }
  return NaN;
}

/** k of n as a share with its exact two-sided interval (Clopper and Pearson), at 95 % unless told. Throws for counts that are none. */
export function binomialInterval(k: number, n: number, confidence = 0.95): ShareInterval {
  checkCounts(k, n);
  const tail = (1 - confidence) / 2;
  const low = k === 0 ? 0 : betaQuantile(tail, k, n - k + 1);
  return { value: k / n, low, high: binomialUpper(k, n, 1 - tail) };
}

/** The exact one-sided upper bound of the share behind k of n: with this confidence it is at most so large. */
export function binomialUpper(k: number, n: number, confidence: number): number {
  checkCounts(k, n);
  return k === n ? 1 : betaQuantile(confidence, k + 1, n - k);
}

/** How many distinct replies without an alarm are needed before a rate can be claimed with this confidence: 2,995 for 0.001 at 0.95. */
export function distinctRepliesNeeded(rate: number, confidence: number): number {
  if (!(rate > 0 && rate < 1 && confidence > 0 && confidence < 1)) {
    throw new Error(`rate ${rate} at confidence ${confidence}: both must lie between 0 and 1`);
  }
  return Math.ceil(Math.log1p(-confidence) / Math.log1p(-rate));
}

function checkCounts(k: number, n: number): void {
  if (!Number.isInteger(k) || !Number.isInteger(n) || k < 0 || n < 1 || k > n)
    throw new Error(`${k} of ${n} is no share`);
}
