import type { LivePosition } from "../engine/engine.ts";
import type { ScoredRow } from "../evaluation/assemble.ts";
import { encodeRow, type Form } from "../training/encoded-row.ts";
import type { LabelledRow } from "../training/labelled-rows.ts";
import { rowError, type RowContent } from "../training/row-content.ts";
import type { CommandEngine } from "./command-engine.ts";
import { encodeFitting, readAhead, readObserved, type ObservedRead } from "./observed-read.ts";

/** What one detector said of rows, in their order: its largest scores [rows] and the texts around them. */
export interface DetectorRows {
  readonly detector: string;
  readonly scores: Float64Array;
  readonly at: readonly string[];
}

/** Rows read in one form, with the scores of every detector. */
export interface FormRows {
  readonly form: Form;
  readonly rows: readonly LabelledRow[];
  readonly detectors: readonly DetectorRows[];
}

const TOKENS_BEFORE = 4;
const EXCERPT_CHARACTERS = 230;

/** The rows that each form reads: conversations are in the chat template whatever is asked, texts in each form asked for. */
export function rowsByForm(
  rows: readonly LabelledRow[],
  forms: readonly Form[],
): { readonly form: Form; readonly rows: readonly LabelledRow[] }[] {
  const each = (["raw", "chat"] as const).map((form) => ({
    form,
    rows: rows.filter(({ content }) => (content.type === "chat" ? form === "chat" : forms.includes(form))),
  }));
  return each.filter((part) => part.rows.length > 0);
}

/** Throws `ConfigError` for the first row that does not fit into the context, before any is read. */
export function checkRowsFit(command: CommandEngine, parts: ReturnType<typeof rowsByForm>): void {
  for (const { form, rows } of parts) for (const row of rows) encodeIn(command, row, form);
}

/** Reads rows in one form through the engine, all detectors at once. Throws `ConfigError` for a row on which one says nothing or breaks. */
export async function scoreRows(
  command: CommandEngine,
  { form, rows }: { readonly form: Form; readonly rows: readonly LabelledRow[] },
  onProgress: (done: number, total: number) => void,
): Promise<FormRows> {
  const detectors = command.detectors.map(({ id }) => ({
    detector: id,
    scores: new Float64Array(rows.length),
    at: [] as string[],
  }));
  const results = readAhead(rows, async (row) => ({
    row,
    read: await readObserved(command, encodeIn(command, row, form), row),
  }));
  let done = 0;
  for await (const { row, read } of results) {
    for (const each of detectors) {
      const { score, at } = highestOf(read, each.detector, row);
      each.scores[done] = score;
      each.at.push(at);
    }
    done += 1;
    onProgress(done, rows.length);
  }
  return { form, rows, detectors };
}

/** Rows of one detector as an evaluation takes them: long texts are cut around the highest position. */
export function scoredRows(rows: readonly LabelledRow[], { scores, at }: DetectorRows): ScoredRow[] {
  return rows.map(({ id, tier, group, label, content }, index) => ({
    id,
    tier: tier === "" ? "no tier" : tier,
    group,
    label,
    score: scores[index] ?? NaN,
    text: excerptOf(textOf(content), at[index] ?? ""),
    at: at[index] ?? "",
  }));
}

/** What a row says, as one text; turns stand one under the other. */
export function textOf(content: RowContent): string {
  return content.type === "text" ? content.text : content.turns.map((turn) => turn.content).join("\n");
}

/** At most 230 characters and two marks of what was cut, around the place where `at` first stands. */
export function excerptOf(text: string, at: string): string {
  const characters = [...text];
  if (characters.length <= EXCERPT_CHARACTERS) return text;
  const found = at === "" ? 0 : Math.max(0, text.indexOf(at));
  const middle = Array.from(text.slice(0, found)).length;
  const start = Math.max(0, Math.min(middle - EXCERPT_CHARACTERS / 2, characters.length - EXCERPT_CHARACTERS));
  const end = start + EXCERPT_CHARACTERS;
  return `${start === 0 ? "" : "…"}${characters.slice(start, end).join("")}${end < characters.length ? "…" : ""}`;
}

function encodeIn(command: CommandEngine, row: LabelledRow, form: Form) {
  return encodeFitting(() => encodeRow(command.model.prompts, row.content, form), row, command);
}

function highestOf({ end, every }: ObservedRead, detector: string, row: LabelledRow): { score: number; at: string } {
  const entry = end.scores.find((each) => each.detector === detector);
  if (entry === undefined || entry.score === null) {
    const message = `the detector ${detector} judges no position of this row`;
    throw rowError(row, message, "take the row out, or change the definition's positions");
  }
  return { score: entry.score, at: around(every, entry.position) };
}

// The token of the highest score behind the few before it, as they stand in the text without a gap.
function around(every: readonly LivePosition[], position: number | null): string {
  const place = every.findIndex((entry) => entry.position === position);
  if (place < 0) return "";
  let first = place;
  while (first > 0 && place - first < TOKENS_BEFORE && every[first - 1]?.position === (every[first]?.position ?? 0) - 1)
    first -= 1;
  return every
    .slice(first, place + 1)
    .map(({ text }) => text)
    .join("");
}
