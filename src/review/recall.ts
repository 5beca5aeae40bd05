import { quantile } from "../evaluation/bootstrap.ts";
import { variatesFrom, type Variates } from "../evaluation/variates.ts";
import type { JudgedReply } from "./judged-reply.ts";
import { cutCells, drawPositives, expectedPositives, type Cell, type Side } from "./reply-cells.ts";

/** A number with the bounds of its 95 % interval. */
export interface Estimate {
  readonly point: number;
  readonly lower: number;
  readonly upper: number;
}

/** How many draws an interval is made of. */
export const DRAWS = 1000;
const TAIL = 0.025;

/**
 * Of the replies that should have fired, the share that did. Replies that were answered count as they were answered, the others as those of their cell do:
 * by inverse probability of having been drawn, and flagged ones by score. The interval is of draws of every cell's share and of the replies without an
 * answer. Null without an answer on a clear reply, since nothing is known of misses then, and where there were no replies.
 */
export function estimateRecall(replies: readonly JudgedReply[], seed = 1): Estimate | null {
  const cells = cutCells(replies);
  const fired = cells.filter((cell) => cell.fired);
  const silent = cells.filter((cell) => !cell.fired);
  if (!knowsMisses(silent)) return null;
  const variates = variatesFrom(seed);
  const [low, high]: number[][] = [[], []];
  for (let draw = 0; draw < DRAWS; draw += 1) {
    low?.push(shareFound(total(fired, "low", variates), total(silent, "high", variates), 0));
    high?.push(shareFound(total(fired, "high", variates), total(silent, "low", variates), 1));
  }
  const found = expectedPositives(fired);
  return boundsOf(shareFound(found, expectedPositives(silent), NaN), { low: low ?? [], high: high ?? [] });
}

/** Of the replies that fired, the share that should have, in the same way. Null where no one has looked at any. */
export function estimatePrecision(replies: readonly JudgedReply[], seed = 1): Estimate | null {
  const cells = cutCells(replies.filter(({ fired }) => fired));
  const count = cells.reduce((sum, cell) => sum + cell.replies.length, 0);
  if (!cells.some(({ worth }) => worth > 0)) return null;
  const variates = variatesFrom(seed);
  const draws = (side: Side) => Array.from({ length: DRAWS }, () => total(cells, side, variates) / count);
  return boundsOf(expectedPositives(cells) / count, { low: draws("low"), high: draws("high") });
}

/** Whether people have looked at replies of every stratum that makes up nearly all replies: without one, misses may be anything. */
export function knowsMisses(silent: readonly Cell[]): boolean {
  return silent.length > 0 && silent.every(({ replies: [first], worth }) => first?.frame !== "clear" || worth > 0);
}

/** found ÷ (found + missed), and a given number where there is neither. */
export function shareFound(found: number, missed: number, empty: number): number {
  return found + missed === 0 ? empty : found / (found + missed);
}

/** The interval of draws from both sides around a value; a value that is none lies in the middle. */
export function boundsOf(
  value: number,
  draws: { readonly low: readonly number[]; readonly high: readonly number[] },
): Estimate {
  const lower = quantile(Float64Array.from(draws.low).sort(), TAIL);
  const upper = quantile(Float64Array.from(draws.high).sort(), 1 - TAIL);
  const point = Number.isNaN(value) ? (lower + upper) / 2 : value;
  return { point, lower: Math.min(lower, point), upper: Math.max(upper, point) };
}

function total(cells: readonly Cell[], side: Side, variates: Variates): number {
  return cells.reduce((sum, cell) => sum + drawPositives(cell, side, variates), 0);
}
