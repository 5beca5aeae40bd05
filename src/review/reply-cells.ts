import type { Variates } from "../evaluation/variates.ts";
import type { JudgedReply } from "./judged-reply.ts";

/** Replies among which those with an answer stand for those without one. */
export interface Cell {
  readonly fired: boolean;
  readonly replies: readonly JudgedReply[];
  /** How many were answered, each way. */
  readonly answers: Readonly<Record<"positive" | "negative" | "unsure", number>>;
  /** The weight of the positive and of the unsure among the answered (0 to 1), and how many equally weighted answers these are worth. */
  readonly positiveShare: number;
  readonly unsureShare: number;
  readonly worth: number;
}

/** Which bound a draw is for. */
export type Side = "low" | "high";

/** Bins of flagged replies hold the answers of this many verdicts, or more when there are many. */
const FEWEST_ANSWERS = 10;
const MOST_BINS = 12;
/** So many flagged replies in a row without an answer, by score, are taken to have been left out on purpose. */
const LONGEST_GAP = 8;
const LONGEST_GAP_SHARE = 0.15;
const TINY = 1e-9;

/**
 * Cuts the replies of one detector into cells. What nothing flagged is cut by stratum and by whether it fired, flagged replies by score: reviewers take urgent
 * ones first, so an answer stands only for replies of about its score, and stretches of scores that nobody looked at are a cell without answers.
 */
export function cutCells(replies: readonly JudgedReply[]): Cell[] {
  const drawn = (["clear", "near"] as const).flatMap((frame) =>
    [false, true].map((fired) => replies.filter((reply) => reply.frame === frame && reply.fired === fired)),
  );
  const flagged = replies.filter(({ frame }) => frame === "flagged").sort((left, right) => right.score - left.score);
  return [...drawn, ...cutFlagged(flagged)].filter((part) => part.length > 0).map(cellOf);
}

/** The positives of a cell in one draw: those known, and a draw of the rest. The `low` draws bound from below, the `high` ones from above. */
export function drawPositives(cell: Cell, side: Side, variates: Variates): number {
  const { positive, negative, unsure } = cell.answers;
  const known = side === "low" ? positive : positive + unsure;
  const left = cell.replies.length - positive - negative - unsure;
  return known + variates.binomial(left, drawShare(cell, side, variates));
}

/**
 * The share of positives among replies without an answer, drawn as Jeffreys' prior has it (beta of both counts and a half each); where all answers are the
 * same, the side that they leave open ends at 0 or 1. Unsure answers are negative on the low side and positive on the high one.
 */
export function drawShare({ positiveShare, unsureShare, worth }: Cell, side: Side, variates: Variates): number {
  const positives = worth * (side === "low" ? positiveShare : positiveShare + unsureShare);
  const negatives = worth - positives;
  if (side === "low" && positives < TINY) return 0;
  if (side === "high" && negatives < TINY) return 1;
  return variates.beta(positives + 0.5, negatives + 0.5);
}

/** Positives to expect. A cell without answers counts like the one before it, the first of those that fired like half of it. */
export function expectedPositives(cells: readonly Cell[]): number {
  let [sum, last] = [0, NaN];
  for (const cell of cells) {
    const { answers, replies, fired } = cell;
    const own = cell.worth > 0 && cell.unsureShare < 1 ? cell.positiveShare / (1 - cell.unsureShare) : NaN;
    const share = !Number.isNaN(own) ? own : !Number.isNaN(last) ? last : fired ? 0.5 : 0;
    last = share;
    sum += answers.positive + (replies.length - answers.positive - answers.negative) * share;
  }
  return sum;
}

function cellOf(replies: readonly JudgedReply[]): Cell {
  const answers = { positive: 0, negative: 0, unsure: 0 };
  const weights = { positive: 0, negative: 0, unsure: 0 };
  let [sum, squares] = [0, 0];
  const shared = new Map<string, number>();
  for (const { answer, probability, item } of replies) {
    if (answer === null) continue;
    const weight = 1 / probability;
    answers[answer] += 1;
    weights[answer] += weight;
    sum += weight;
    // One verdict on n replies that are alike is one observation of weight n: (a + b)² is a² + (2a + b) b.
    const before = item === undefined ? 0 : (shared.get(item) ?? 0);
    if (item !== undefined) shared.set(item, before + weight);
    squares += (2 * before + weight) * weight;
  }
  return {
    fired: replies[0]?.fired ?? false,
    replies,
    answers,
    positiveShare: sum === 0 ? 0 : weights.positive / sum,
    unsureShare: sum === 0 ? 0 : weights.unsure / sum,
    worth: sum === 0 ? 0 : (sum * sum) / squares,
  };
}

function cutFlagged(replies: readonly JudgedReply[]): (readonly JudgedReply[])[] {
  const { looked, unseen } = partGaps(replies);
  const verdicts = new Set(replies.flatMap((reply) => (reply.answer === null ? [] : [reply.item ?? reply])));
  const size = Math.max(FEWEST_ANSWERS, Math.ceil(verdicts.size / MOST_BINS));
  return [...looked.flatMap((stretch) => cutStretch(stretch, size)), unseen];
}

/** Stretches of scores in which people answered, and everything in the gaps between and below them. */
function partGaps(replies: readonly JudgedReply[]): { looked: JudgedReply[][]; unseen: JudgedReply[] } {
  const longest = Math.max(LONGEST_GAP, Math.ceil(LONGEST_GAP_SHARE * replies.length));
  const looked: JudgedReply[][] = [];
  const unseen: JudgedReply[] = [];
  let stretch: JudgedReply[] = [];
  let gap: JudgedReply[] = [];
  const endGap = (): void => {
    if (gap.length < longest) stretch.push(...gap);
    else {
      if (stretch.length > 0) looked.push(stretch);
      stretch = [];
      unseen.push(...gap);
    }
    gap = [];
  };
  for (const reply of replies) {
    if (reply.answer === null) {
      gap.push(reply);
      continue;
    }
    endGap();
    stretch.push(reply);
  }
  // Below the last answer nobody looked, however few that are.
  unseen.push(...gap);
  return { looked: stretch.length > 0 ? [...looked, stretch] : looked, unseen };
}

function cutStretch(replies: readonly JudgedReply[], size: number): JudgedReply[][] {
  const bins: JudgedReply[][] = [];
  let bin: JudgedReply[] = [];
  let verdicts = new Set<JudgedReply | string>();
  replies.forEach((reply, at) => {
    bin.push(reply);
    if (reply.answer !== null) verdicts.add(reply.item ?? reply);
    // A tie is never parted.
    if (verdicts.size < size || replies[at + 1]?.score === reply.score) return;
    bins.push(bin);
    [bin, verdicts] = [[], new Set()];
  });
  const last = bins.at(-1);
  if (last === undefined) return [bin];
  last.push(...bin);
  return bins;
}
