import type { LoadedDetector } from "../detect/loader.ts";
import { assembleEvaluation, type FormScores } from "../evaluation/assemble.ts";
import type { BootstrapOptions } from "../evaluation/bootstrap.ts";
import type { DetectorEvaluation } from "../evaluation/evaluation.ts";
import type { OnsetRow } from "../evaluation/onset.ts";
import { wordBaseline } from "../evaluation/word-baseline.ts";
import type { Form } from "../training/encoded-row.ts";
import type { LabelledData, LabelledRow } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import type { CommandEngine } from "./command-engine.ts";
import { checkRowsFit, rowsByForm, scoredRows, scoreRows, textOf, type FormRows } from "./evaluate-rows.ts";
import { readOnsets, readOrdinary, type OrdinaryAlarms } from "./evaluate-runs.ts";
import { createProgress } from "./progress.ts";

/** What is measured, of which detectors, against which others. */
export interface EvaluationPlan {
  readonly detectors: readonly string[];
  readonly baselines: readonly string[];
  readonly data: LabelledData;
  readonly forms: readonly Form[];
  /** Rows with an onset in their reply; null: none were named. */
  readonly onsets: readonly LabelledRow[] | null;
  /** A file of running text; null: none was named. */
  readonly ordinary: string | null;
}

interface Measured {
  readonly forms: readonly FormRows[];
  readonly words: ReadonlyMap<LabelledRow, number> | undefined;
  readonly onsets: readonly OnsetRow[][] | null;
  readonly ordinary: readonly OrdinaryAlarms[] | null;
  readonly notes: readonly string[];
}

const ROWS_OF_ALL_DRAWS = 20_000;
const DRAWS = 1000;
const FEWEST_DRAWS = 200;

/** Reads everything once through the engine and measures each detector. Progress goes to stderr. Throws `ConfigError` for rows that do not fit. */
export async function runEvaluation(command: CommandEngine, plan: EvaluationPlan): Promise<DetectorEvaluation[]> {
  const { rows } = plan.data;
  const { parts, notes } = partsOf(plan);
  checkRowsFit(command, parts);
  const forms: FormRows[] = [];
  for (const part of parts) {
    const label = `reading ${part.rows.length} rows, ${part.form}`;
    forms.push(await scoreRows(command, part, createProgress(label)));
  }
  const { onsets: replies, ordinary: file } = plan;
  const onsets =
    replies === null ? null : await readOnsets(command, replies, createProgress(`reading ${replies.length} onsets`));
  const ordinary = file === null ? null : await readOrdinary(command, file, createProgress("reading ordinary text"));
  const words = wordScores(rows);
  const measured = { forms, onsets, ordinary, words, notes: [...notes, ...(words === undefined ? [NO_WORDS] : [])] };
  return plan.detectors.map((id) => evaluationOf(command, { id, plan, measured }));
}

/** How many draws an interval is made of: 1,000, and fewer from 20,000 rows on, where each says more and takes longer. */
export function drawsFor(rows: number): BootstrapOptions {
  return {
    draws: Math.max(FEWEST_DRAWS, Math.min(DRAWS, Math.floor((DRAWS * ROWS_OF_ALL_DRAWS) / Math.max(1, rows)))),
  };
}

const NO_WORDS = "no bag of words: with a group left out, too few rows of both classes are left to learn from";

// A form in which all rows have one label says nothing; it is left out, unless no other is left.
function partsOf({ data, forms }: EvaluationPlan): { parts: ReturnType<typeof rowsByForm>; notes: string[] } {
  const all = rowsByForm(data.rows, forms);
  const hasBoth = (rows: readonly LabelledRow[]): boolean => new Set(rows.map(({ label }) => label)).size === 2;
  const parts = all.filter(({ rows }) => hasBoth(rows));
  if (parts.length === 0) {
    const file = data.files.map((each) => each.file).join(", ");
    const message = "no form has rows of both labels: texts of one are held against conversations of the other";
    throw rowError({ file }, message, "read texts in chat form, too: --forms raw,chat");
  }
  const notes = all
    .filter(({ rows }) => !hasBoth(rows))
    .map(({ form, rows }) => `${form}: left out, its ${rows.length} rows have one label`);
  return { parts, notes };
}

function wordScores(rows: readonly LabelledRow[]): Map<LabelledRow, number> | undefined {
  const scores = wordBaseline({
    texts: rows.map(({ content }) => textOf(content)),
    labels: Uint8Array.from(rows, ({ label }) => label),
    groups: rows.map(({ group }) => group),
  });
  return scores === undefined ? undefined : new Map(rows.map((row, index) => [row, scores[index] ?? NaN]));
}

interface Subject {
  readonly id: string;
  readonly plan: EvaluationPlan;
  readonly measured: Measured;
}

function evaluationOf(command: CommandEngine, { id, plan, measured }: Subject): DetectorEvaluation {
  const index = command.detectors.findIndex((each) => each.id === id);
  const { hash, description, kind, threshold, abortThreshold }: LoadedDetector =
    command.detectors[index] ?? missing(id);
  const { name, precision } = command.model.facts;
  return assembleEvaluation(
    {
      detector: id,
      hash,
      description,
      kind,
      model: name,
      precision,
      thresholds: { flag: threshold, abort: abortThreshold },
      data: plan.data.files,
      forms: measured.forms.map((form) => formScores(form, { id, plan, measured })),
      ordinary: measured.ordinary?.[index] ?? null,
      onsets: measured.onsets?.[index] ?? null,
      notes: measured.notes,
    },
    drawsFor(plan.data.rows.length),
  );
}

function formScores({ form, rows, detectors }: FormRows, { id, plan, measured }: Subject): FormScores {
  const of = (name: string) => detectors.find(({ detector }) => detector === name) ?? missing(name);
  const { words } = measured;
  return {
    form,
    rows: scoredRows(rows, of(id)),
    baselines: [
      ...(words === undefined ? [] : [{ name: "bag of words", scores: rows.map((row) => words.get(row) ?? NaN) }]),
      ...plan.baselines.filter((name) => name !== id).map((name) => ({ name, scores: of(name).scores })),
    ],
  };
}

function missing(id: string): never {
  throw new Error(`the detector ${id} was not read`);
}
