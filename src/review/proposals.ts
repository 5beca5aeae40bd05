import { quantile } from "../evaluation/bootstrap.ts";
import { placed } from "../evaluation/reply-thresholds.ts";
import { placeThreshold } from "../evaluation/thresholds.ts";
import { variatesFrom, type Variates } from "../evaluation/variates.ts";
import { binomialInterval, distinctRepliesNeeded } from "../training/rates.ts";
import type { JudgedReply } from "./judged-reply.ts";
import { boundsOf, DRAWS, knowsMisses, shareFound, type Estimate } from "./recall.ts";
import { cutCells, drawPositives, drawShare, expectedPositives, type Cell, type Side } from "./reply-cells.ts";

/** What another threshold would do, as shares of replies. */
export interface ThresholdProposal {
  /** Null where the replies cannot carry the rate. */
  readonly proposed: number | null;
  /** Replies that alarmed at the present threshold, and would have at the proposed one (the present one where there is none). */
  readonly alarmsNow: Estimate;
  readonly alarmsThen: Estimate;
  /** To expect on replies to come; null where nothing is known of misses. */
  readonly recallNow: Estimate | null;
  readonly recallThen: Estimate | null;
  /** With 95 % confidence the false-alarm rate at the proposed threshold is at most this. */
  readonly falseAlarms: number | null;
}

/** The threshold now, the false-alarm rate that is asked for, and the threshold to look at in place of the lowest one that fits. */
export interface ThresholdChoice {
  readonly current: number;
  readonly rate: number;
  readonly threshold?: number;
  readonly seed?: number;
}

const CONFIDENCE = 0.95;

/**
 * The lowest threshold whose false alarms stay at or below a share of replies without the concept, with 95 % confidence, on replies to come: the rate is of
 * every reply in the score log, recall of the time in which replies were drawn. An alarm is false
 * that a person called so or was unsure about; of those without an answer as many as the draws of their cell leave, and all where nobody answered.
 */
export function proposeThreshold(
  { every, drawnTime }: { readonly every: readonly JudgedReply[]; readonly drawnTime: readonly JudgedReply[] },
  { current, rate, threshold, seed = 1 }: ThresholdChoice,
): ThresholdProposal {
  const cells = cutCells(every);
  const scores = every.map(({ score }) => score);
  const negatives = Math.max(1, Math.round(every.length - expectedPositives(cells)));
  const bound = (threshold: number): number => boundFalseAlarms(cells, { threshold, negatives, seed });
  const isCarried = every.length >= distinctRepliesNeeded(rate, CONFIDENCE);
  const proposed = isCarried ? (threshold ?? lowest(scores, rate, bound)) : null;
  const then = proposed ?? current;
  const drawn = cutCells(drawnTime);
  return {
    proposed,
    alarmsNow: alarmShare(scores, current),
    alarmsThen: alarmShare(scores, then),
    recallNow: recallAtThreshold(drawn, current, seed),
    recallThen: recallAtThreshold(drawn, then, seed),
    falseAlarms: proposed === null ? null : bound(proposed),
  };
}

/** The recall to expect of a threshold on replies to come, with its interval; null where nothing is known of misses. */
export function recallAtThreshold(cells: readonly Cell[], threshold: number, seed = 1): Estimate | null {
  if (!knowsMisses(cells.filter(({ fired }) => !fired))) return null;
  const variates = variatesFrom(seed);
  const parts = cells.map((cell) => partAt(cell, threshold));
  const [low, high]: [number[], number[]] = [[], []];
  for (let draw = 0; draw < DRAWS; draw += 1) {
    low.push(drawRecall(parts, "low", variates));
    high.push(drawRecall(parts, "high", variates));
  }
  const found = parts.reduce((sum, part) => sum + part.expected.above, 0);
  const missed = parts.reduce((sum, part) => sum + part.expected.below, 0);
  return boundsOf(shareFound(found, missed, NaN), { low, high });
}

/** A cell cut at a threshold. */
interface CellPart {
  readonly cell: Cell;
  readonly above: Counts;
  /** Of the replies without an answer, the share at or above the threshold. */
  readonly shareAbove: number;
  readonly expected: { readonly above: number; readonly below: number };
}

interface Counts {
  readonly open: number;
  readonly positive: number;
  readonly negative: number;
  readonly unsure: number;
}

function partAt(cell: Cell, threshold: number): CellPart {
  const above = { open: 0, positive: 0, negative: 0, unsure: 0 };
  for (const { score, answer } of cell.replies) if (score >= threshold) above[answer ?? "open"] += 1;
  const { positive, negative, unsure } = cell.answers;
  const open = cell.replies.length - positive - negative - unsure;
  const shareAbove = open === 0 ? 0 : above.open / open;
  const total = expectedPositives([cell]);
  const rest = total - positive;
  const loose = open + unsure;
  const found = above.positive + (loose === 0 ? 0 : (rest * (above.open + above.unsure)) / loose);
  return { cell, above, shareAbove, expected: { above: found, below: total - found } };
}

/**
 * One draw of recall. Where the threshold cuts a cell, the low side spreads its positives evenly, as if a higher score were no likelier,
 * and the high side puts as many as fit above the threshold.
 */
function drawRecall(parts: readonly CellPart[], side: Side, variates: Variates): number {
  let [found, missed] = [0, 0];
  for (const { cell, above, shareAbove } of parts) {
    const other = side === "low" ? "high" : "low";
    const cut = { cell, above, shareAbove, side };
    found += split(cut, side, drawPositives(cell, side, variates)).above;
    missed += split(cut, other, drawPositives(cell, other, variates)).below;
  }
  // What these replies show of others like them: without this the interval would hold for this window alone.
  return variates.beta(found + 0.5, missed + 0.5);
}

interface Split {
  readonly cell: Cell;
  readonly above: Counts;
  readonly shareAbove: number;
  readonly side: Side;
}

/** `drawnFor` says which side the positives were drawn for: unsure answers count among the high ones alone. */
function split({ cell, above, shareAbove, side }: Split, drawnFor: Side, positives: number) {
  const unsure = drawnFor === "high" ? cell.answers.unsure : 0;
  const unsureAbove = drawnFor === "high" ? above.unsure : 0;
  const open = positives - cell.answers.positive - unsure;
  const openAbove = side === "low" ? open * shareAbove : Math.min(above.open, open);
  const found = above.positive + unsureAbove + openAbove;
  return { above: found, below: positives - found };
}

/** The upper bound of the false-alarm rate on replies to come. */
function boundFalseAlarms(
  cells: readonly Cell[],
  { threshold, negatives, seed }: { threshold: number; negatives: number; seed: number },
): number {
  const variates = variatesFrom(seed);
  const parts = cells.map((cell) => partAt(cell, threshold)).filter(({ above }) => sizeOf(above) > 0);
  const rates = Float64Array.from({ length: DRAWS }, () => {
    const alarms = parts.reduce((sum, { cell, above }) => {
      const open = above.open - variates.binomial(above.open, drawShare(cell, "low", variates));
      return sum + above.negative + above.unsure + open;
    }, 0);
    return variates.beta(alarms + 1, Math.max(0, negatives - alarms));
  });
  return quantile(rates.sort(), CONFIDENCE);
}

function sizeOf({ open, positive, negative, unsure }: Counts): number {
  return open + positive + negative + unsure;
}

/** Halves the number of alarms until the largest one is found that the rate allows. */
function lowest(scores: readonly number[], rate: number, bound: (threshold: number) => number): number {
  const at = (most: number): number => placed(scores, placeThreshold(scores, most).threshold).threshold;
  let [fits, fails] = [0, scores.length + 1];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (bound(at(middle)) <= rate) fits = middle;
    else fails = middle;
  }
  return at(fits);
}

function alarmShare(scores: readonly number[], threshold: number): Estimate {
  const alarms = scores.filter((score) => score >= threshold).length;
  if (scores.length === 0) return { point: 0, lower: 0, upper: 1 };
  const { value, low, high } = binomialInterval(alarms, scores.length);
  return { point: value, lower: low, upper: high };
}
