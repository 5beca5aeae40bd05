import { quantile } from "./bootstrap.ts";
import type { OnsetPoint, OnsetResult } from "./evaluation.ts";
import { binomialInterval } from "../training/rates.ts";

/** A reply with a labelled onset: the token at which the concept begins, and the one at which the detector fired; both count from 0 in the reply. */
export interface OnsetRow {
  readonly onset: number;
  /** Null: it never fired. */
  readonly fired: number | null;
}

/** How many tokens are held back, as reports show it. */
export const HOLDS: readonly number[] = [0, 1, 4, 8, 16];

/**
 * The leak over holds. With h tokens held, max(0, j + 1 − h) tokens have left when token j fires, and those past the onset are leaked.
 * A firing before the onset is an early alarm, not a catch. Throws for no rows and for places that are no whole numbers from 0 on.
 */
export function onsetResult(rows: readonly OnsetRow[], holds: readonly number[] = HOLDS): OnsetResult {
  if (rows.length === 0) throw new Error("there is no row with a labelled onset");
  rows.forEach(checkRow);
  const firings = rows.flatMap(({ fired, onset }) => (fired === null ? [] : [{ fired, onset }]));
  const caught = firings.filter(({ fired, onset }) => fired >= onset);
  const delays = caught.map(({ fired, onset }) => fired - onset).toSorted((left, right) => left - right);
  const points = holds.map((hold) => pointAt(hold, caught, rows.length));
  const { hold, reason } = recommendHold(points);
  return {
    rows: rows.length,
    early: firings.length - caught.length,
    points,
    delays,
    recommendedHold: hold,
    reason,
  };
}

/** The smallest hold of a curve with which the median catch leaks nothing, else the one from which on the median falls no further; with the reason. */
export function recommendHold(points: readonly OnsetPoint[]): { readonly hold: number; readonly reason: string } {
  const measured = points
    .flatMap(({ hold, leakedMedian }) => (leakedMedian === null ? [] : [{ hold, leaked: leakedMedian }]))
    .toSorted((left, right) => left.hold - right.hold);
  if (measured.length === 0) {
    return { hold: points[0]?.hold ?? 0, reason: "no onset was caught: holding tokens back keeps nothing in" };
  }
  const least = Math.min(...measured.map(({ leaked }) => leaked));
  const best = measured.find(({ leaked }) => leaked === least) ?? { hold: 0, leaked: least };
  if (least === 0)
    return { hold: best.hold, reason: `with ${best.hold} tokens held, half of the catches leak nothing` };
  const largest = measured.at(-1)?.hold ?? best.hold;
  const reason =
    best.hold === largest
      ? `no hold measured keeps the median catch in: with ${best.hold} tokens held it still leaks ${least}`
      : `beyond ${best.hold} tokens the median leak of a catch falls no further: it stays at ${least}`;
  return { hold: best.hold, reason };
}

/** The token that holds a character of a reply, by the texts of its tokens; the last one for a character past the end. */
export function tokenOfCharacter(tokens: readonly string[], character: number): number {
  let end = 0;
  const index = tokens.findIndex((token) => {
    end += token.length;
    return end > character;
  });
  return index < 0 ? Math.max(0, tokens.length - 1) : index;
}

function pointAt(hold: number, caught: readonly { fired: number; onset: number }[], rows: number): OnsetPoint {
  const leaks = caught
    .map(({ fired, onset }) => Math.max(0, Math.max(0, fired + 1 - hold) - onset))
    .toSorted((left, right) => left - right);
  return {
    hold,
    caught: binomialInterval(caught.length, rows),
    leakedMedian: leaks.length === 0 ? null : quantile(leaks, 0.5),
    leakedP90: leaks.length === 0 ? null : quantile(leaks, 0.9),
    noneLeaked: binomialInterval(leaks.filter((leak) => leak === 0).length, rows),
  };
}

function checkRow({ fired, onset }: OnsetRow, index: number): void {
  for (const place of [onset, fired ?? 0]) {
    if (!Number.isInteger(place) || place < 0)
      throw new Error(`row ${index} has the place ${place}: it must be a token's index`);
  }
}
