import { readFileSync } from "node:fs";
import type { LivePosition } from "../engine/engine.ts";
import { tokenOfCharacter, type OnsetRow } from "../evaluation/onset.ts";
import { encodeRow } from "../training/encoded-row.ts";
import type { LabelledRow } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import type { CommandEngine } from "./command-engine.ts";
import { encodeFitting, readAhead, readObserved, type ObservedRead } from "./observed-read.ts";

/** A detector with the score from which on it flags. */
export interface FlaggingDetector {
  readonly id: string;
  readonly threshold: number;
}

/** Tokens of ordinary text that a detector judged, and its separate alarms. */
export interface OrdinaryAlarms {
  readonly text: string;
  readonly tokens: number;
  readonly alarms: number;
}

type OnProgress = (done: number, total: number) => void;

const WINDOW_TOKENS = 256;

/** Throws `ConfigError` for the first row that has no onset, or no reply in which it could lie. */
export function checkOnsetRows(rows: readonly LabelledRow[]): void {
  for (const row of rows) {
    const { content, onset } = row;
    if (onset === null) {
      throw rowError(
        row,
        "the row has no onset",
        'give it "onset" (a token) or "onset_character", counted from 0 in the reply',
      );
    }
    if (content.type === "text" || content.turns.at(-1)?.role !== "assistant") {
      throw rowError(row, "the row has no reply in which a concept could begin", 'give it "user" and "assistant"');
    }
    if (row.label === 0) throw rowError(row, "a row with an onset has label 0", "leave rows without the concept out");
    const reply = content.turns.at(-1)?.content ?? "";
    if (onset.unit === "character" && onset.index >= reply.length) {
      const message = `"onset_character" is ${onset.index}, the reply has ${reply.length} characters`;
      throw rowError(row, message, "count from 0 in the reply alone");
    }
  }
}

/** Reads replies with a labelled onset; for every detector, in their order, the token at which each began and the one at which it first flagged. */
export async function readOnsets(
  command: CommandEngine,
  rows: readonly LabelledRow[],
  onProgress: OnProgress,
): Promise<OnsetRow[][]> {
  const found: OnsetRow[][] = command.detectors.map(() => []);
  const encode = (row: LabelledRow) =>
    encodeFitting(() => encodeRow(command.model.prompts, row.content, "chat"), row, command);
  rows.forEach(encode);
  const results = readAhead(rows, async (row) => ({ row, read: await readObserved(command, encode(row), row) }));
  let done = 0;
  for await (const { row, read } of results) {
    const onset = onsetToken(row, read);
    command.detectors.forEach((detector, index) => found[index]?.push({ onset, fired: firedAt(read, detector) }));
    done += 1;
    onProgress(done, rows.length);
  }
  return found;
}

/** Reads running text in windows of 256 tokens, each in a context of its own; what every detector did, in their order. Throws `ConfigError` for a text that cannot be read. */
export async function readOrdinary(
  command: CommandEngine,
  file: string,
  onProgress: OnProgress,
): Promise<OrdinaryAlarms[]> {
  const text = readText(file);
  const ids = command.model.tokenizer.encode(text);
  const size = Math.min(WINDOW_TOKENS, command.config.engine.contextTokens);
  const starts = Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => index * size);
  // Of a window of one token nothing is judged.
  const windows = starts
    .map((start) => Int32Array.from(ids.slice(start, start + size)))
    .filter(({ length }) => length > 1);
  if (windows.length === 0)
    throw rowError({ file }, "the text holds no two tokens", "name a longer text with --ordinary");
  const counts = command.detectors.map(() => ({ tokens: 0, alarms: 0 }));
  const results = readAhead(windows, (window) => {
    const judged = new Uint8Array(window.length).fill(1);
    const prompt = { ids: window, judgedAll: judged, judgedNew: judged };
    return readObserved(command, { prompt, forced: new Int32Array(0), promptAs: "both" }, { file, line: 1 });
  });
  let done = 0;
  for await (const read of results) {
    command.detectors.forEach((detector, index) => {
      const scores = scoresOf(read, detector.id).filter(({ score }) => score !== null);
      const count = counts[index];
      if (count === undefined) return;
      count.tokens += scores.length;
      count.alarms += alarmsIn(scores, detector.threshold);
    });
    done += 1;
    onProgress(done, windows.length);
  }
  return counts.map((count) => ({ text: file, ...count }));
}

/** How often scores reach the threshold after they lay below it. */
export function alarmsIn(scores: readonly { readonly score: number | null }[], threshold: number): number {
  let [alarms, above] = [0, false];
  for (const { score } of scores) {
    if (score === null) continue;
    if (score >= threshold && !above) alarms += 1;
    above = score >= threshold;
  }
  return alarms;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowError({ file }, `the text cannot be read: ${reason}`, "name a file of plain text with --ordinary");
  }
}

function onsetToken(row: LabelledRow, { end }: ObservedRead): number {
  const { onset } = row;
  const tokens = end.generated.map(({ text }) => text);
  if (onset?.unit === "character") return tokenOfCharacter(tokens, onset.index);
  const index = onset?.index ?? 0;
  if (index < tokens.length) return index;
  throw rowError(row, `"onset" is ${index}, the reply has ${tokens.length} tokens`, "count tokens from 0 in the reply");
}

// A firing before the reply is one before its first token: it counts as early wherever the onset lies.
function firedAt(read: ObservedRead, { id, threshold }: FlaggingDetector): number | null {
  const first = scoresOf(read, id).find(({ score }) => score !== null && score >= threshold);
  return first === undefined ? null : Math.max(0, first.position - read.end.promptTokens);
}

function scoresOf(
  { detectors, every }: ObservedRead,
  id: string,
): { readonly position: LivePosition["position"]; readonly score: number | null }[] {
  const column = detectors.indexOf(id);
  return every.map(({ position, scores }) => ({ position, score: scores[column] ?? null }));
}
