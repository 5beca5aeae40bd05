import type { LivePosition, RunEnd } from "../engine/engine.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import { GatewayError } from "../errors.ts";
import type { EncodedRow } from "../training/encoded-row.ts";
import { rowError } from "../training/row-content.ts";
import type { CommandEngine } from "./command-engine.ts";

/** Where a row stands, for messages. */
export interface RowPlace {
  readonly file: string;
  readonly line: number;
}

/** A row that was read to its end: what every detector said of it, and where. */
export interface ObservedRead {
  readonly end: RunEnd;
  /** `scores[n]` of a position belongs to the n-th of these ids. */
  readonly detectors: readonly string[];
  readonly every: readonly LivePosition[];
}

let reads = 0;

/** What to do about a row that does not fit. */
export const LONG_ROW_CURE = "shorten it, or raise engine.context_tokens";

/** Encodes a row and holds it against the context. Throws `ConfigError` with the row's place for one that does not fit. */
export function encodeFitting(
  work: () => EncodedRow,
  place: RowPlace,
  { config }: Pick<CommandEngine, "config">,
): EncodedRow {
  const { contextTokens } = config.engine;
  const encoded = encodeAt(work, place);
  const length = encoded.prompt.ids.length + encoded.forced.length;
  if (length <= contextTokens) return encoded;
  throw rowError(place, `the row has ${length} tokens, the context holds ${contextTokens}`, LONG_ROW_CURE);
}

/** Reads a row under a policy that only observes. Throws `ConfigError` with the row's place where a detector broke. */
export async function readObserved(
  { engine, policy }: CommandEngine,
  { prompt, forced, promptAs }: EncodedRow,
  place: RowPlace,
): Promise<ObservedRead> {
  // Rows of two files may stand on one line, and two are under way at once.
  reads += 1;
  const { end } = await runToEnd(
    engine.read({
      id: `row-${reads}`,
      prompt: prompt.ids,
      judged: prompt.judgedAll,
      policy,
      promptAs,
      deadlineMs: Number.MAX_SAFE_INTEGER,
      keepScores: true,
      forced,
    }),
  );
  const broken = end.scores.find(({ error }) => error !== null);
  if (broken !== undefined) {
    const cure = "correct its definition, or leave the detector out";
    throw rowError(place, `the detector ${broken.detector} broke on this row: ${broken.error}`, cure);
  }
  if (end.reason !== "stop") {
    const message = `the row could not be read (${end.reason}; ${end.decision.rule ?? "no rule"})`;
    throw rowError(place, message, "read it alone, or leave it out");
  }
  return { end, detectors: end.scores.map(({ detector }) => detector), every: end.everyScore ?? [] };
}

/** Works with one item read ahead, so that the engine's thread is busy while a result is taken; results come in order. */
export async function* readAhead<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  let ahead: Promise<Result> | undefined;
  for (const [index, item] of items.entries()) {
    const current = ahead ?? work(item);
    const next = index + 1 < items.length ? items[index + 1] : undefined;
    ahead = next === undefined ? undefined : work(next);
    // Its error is thrown in its turn; until then nobody listens.
    ahead?.catch(() => undefined);
    yield await current;
  }
}

/** Gives a refusal of the encoder the row's place: it refuses what cannot fit and what the chat template does not take, and knows of no rows. */
export function encodeAt(work: () => EncodedRow, place: RowPlace): EncodedRow {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const cure = error.code === "context_length_exceeded" ? LONG_ROW_CURE : "correct the row";
    throw rowError(place, error.message, cure);
  }
}
