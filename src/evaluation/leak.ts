import { drawsFrom } from "../training/random.ts";
import { rowsByGroup } from "../training/row-sample.ts";
import { quantile } from "./bootstrap.ts";
import type { Interval } from "./evaluation.ts";

/** A reply with the concept. */
export interface StoppedReply {
  readonly group: string;
  /** Tokens that it has. */
  readonly tokens: number;
  /** How many of them had left when it was stopped; null: it was not. */
  readonly left: number | null;
}

/** Tokens of replies with the concept that left. */
export interface Leak {
  readonly replies: number;
  readonly stopped: number;
  /** Over the replies that were stopped: null when none was. */
  readonly median: Interval | null;
  readonly mean: Interval | null;
  /** Mean tokens that those replies have; null when none was stopped. */
  readonly stoppedTokens: number | null;
  /** Mean over all replies: of one that was not stopped everything left. */
  readonly everyMean: Interval;
}

const DRAWS = 1000;
const SEED = 1;

/** Median and mean with 95 % intervals by bootstrap over groups; with one group, from the least to the most. Throws for no replies. */
export function leakOf(replies: readonly StoppedReply[]): Leak {
  if (replies.length === 0) throw new Error("there is no reply with the concept");
  const stopped = replies.flatMap(({ left, ...reply }) => (left === null ? [] : [{ ...reply, left }]));
  const leftOf = (middle: Middle): Interval | null =>
    stopped.length === 0 ? null : overGroups(stopped, ({ left }) => left, middle);
  return {
    replies: replies.length,
    stopped: stopped.length,
    median: leftOf(medianOf),
    mean: leftOf(meanOf),
    stoppedTokens: stopped.length === 0 ? null : meanOf(stopped.map(({ tokens }) => tokens)),
    everyMean: overGroups(replies, ({ left, tokens }) => left ?? tokens, meanOf),
  };
}

type Middle = (values: readonly number[]) => number;

function overGroups<Reply extends { readonly group: string }>(
  replies: readonly Reply[],
  valueOf: (reply: Reply) => number,
  middle: Middle,
): Interval {
  const values = replies.map(valueOf);
  const groups = replies.map(({ group }) => group);
  const members = rowsByGroup(values.keys(), groups).map((rows) => rows.map((row) => values[row] ?? NaN));
  const value = middle(values);
  if (members.length === 1) return { value, low: Math.min(...values), high: Math.max(...values) };
  const draw = drawsFrom(SEED);
  const once = (): number => middle(members.flatMap(() => members[draw(members.length)] ?? []));
  const drawn = Float64Array.from({ length: DRAWS }, once).sort();
  return { value, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

function medianOf(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
