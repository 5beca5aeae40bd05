import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { listDetectorFiles } from "../detector-files.ts";
import { ConfigError } from "../errors.ts";
import type { DetectorEvaluation } from "../evaluation/evaluation.ts";
import { evaluationLines } from "../evaluation/evaluation-lines.ts";
import { suggestWord } from "../suggestion.ts";
import type { Form } from "../training/encoded-row.ts";
import { readLabelledRows } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import { openCommandEngine } from "./command-engine.ts";
import { runEvaluation, type EvaluationPlan } from "./evaluate-run.ts";
import { checkOnsetRows } from "./evaluate-runs.ts";

/** Flags of `lensgate detectors evaluate`, as they are given. */
export interface EvaluateFlags {
  readonly data: readonly string[];
  readonly forms: string;
  readonly group?: string;
  readonly label: string;
  readonly baseline?: readonly string[];
  readonly onset?: readonly string[];
  readonly ordinary?: string;
  readonly json?: string;
  readonly html?: string;
  readonly title: string;
  readonly config: string;
}

/** Adds `evaluate ID …` to a command: measures detectors on labelled rows. */
export function registerEvaluate(detectors: Command): void {
  detectors
    .command("evaluate")
    .description("Measure detectors on labelled rows: separation, false alarms, onsets, beside simple baselines.")
    .argument("<id...>", "detectors")
    .requiredOption("--data <file...>", "JSON lines with a label, as for training")
    .option("--forms <forms>", "how texts are read: raw, chat or both, separated by a comma", "raw,chat")
    .option("--group <columns>", "columns of which the first present is a row's group, separated by commas")
    .option("--label <column>", "column of the label", "label")
    .option("--baseline <id...>", "detectors whose scores on the same rows are shown beside")
    .option("--onset <file...>", "JSON lines with replies in which the concept begins at a known place")
    .option("--ordinary <file>", "running text without the concept: alarms per 1,000 tokens")
    .option("--json <file>", "write everything that was measured")
    .option("--html <file>", "write a report with curves that needs no network")
    .option("--title <text>", "title of the report", "Evaluation of detectors")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (ids: string[], flags: EvaluateFlags) => {
      const evaluations = await evaluateDetectors(ids, flags);
      const text = evaluations.map((evaluation) => evaluationLines(evaluation).join("\n")).join("\n\n");
      process.stdout.write(`${text}\n`);
      await writeOutputs(evaluations, flags, new Date());
    });
}

/** Measures the named detectors in one pass over the rows. Throws `ConfigError`, before the model is loaded, for what does not fit in flags and files. */
export async function evaluateDetectors(ids: readonly string[], flags: EvaluateFlags): Promise<DetectorEvaluation[]> {
  const names = { detectors: [...new Set(ids)], baselines: [...new Set(flags.baseline)] };
  checkDetectors(flags.config, [...names.detectors, ...names.baselines]);
  const plan: EvaluationPlan = { ...names, ...(await readInputs(flags)) };
  checkOutputs(flags);
  const only = [...new Set([...plan.detectors, ...plan.baselines])];
  const command = await openCommandEngine({ config: flags.config, action: "observe", only });
  try {
    return await runEvaluation(command, plan);
  } finally {
    await command.engine.close();
  }
}

/** Writes the JSON and the report where they are asked for. */
export async function writeOutputs(
  evaluations: readonly DetectorEvaluation[],
  { json, html, title }: Pick<EvaluateFlags, "json" | "html" | "title">,
  now: Date,
): Promise<void> {
  const createdAt = now.toISOString().slice(0, 10);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ title, createdAt, evaluations }, null, 2)}\n`);
  if (html === undefined) return;
  // It loads a plotting library, which the other commands do without.
  const { renderReport } = await import("../evaluation/report.ts");
  writeFileSync(html, renderReport(evaluations, { title, createdAt }));
}

async function readInputs(flags: EvaluateFlags): Promise<Omit<EvaluationPlan, "detectors" | "baselines">> {
  const forms = readForms(flags.forms);
  const groups = flags.group?.split(",").map((name) => name.trim());
  const reading = { label: flags.label, ...(groups === undefined ? {} : { groups }) };
  const data = await readLabelledRows(flags.data, { ...reading, fewest: 2 });
  const { onset: files, ordinary = null } = flags;
  if (files === undefined) return { forms, data, ordinary, onsets: null };
  const { rows } = await readLabelledRows(files, { ...reading, fewest: 0 });
  checkOnsetRows(rows);
  return { forms, data, ordinary, onsets: rows };
}

function readForms(text: string): Form[] {
  return text.split(",").map((part) => {
    const form = part.trim();
    if (form === "raw" || form === "chat") return form;
    throw new Error(`--forms: "${form}" is no form: write raw, chat, or raw,chat`);
  });
}

/** Throws `ConfigError` with a suggestion for every detector that has no definition. */
export function checkDetectors(config: string, ids: readonly string[]): void {
  const folder = loadConfig({ path: config }).detectorsFolder;
  const known = listDetectorFiles(folder).map(({ id }) => id);
  const problems = ids
    .filter((id) => !known.includes(id))
    .map((id) => ({ file: folder, message: `there is no detector "${id}"`, cure: suggestWord(id, known) }));
  if (problems.length > 0) throw new ConfigError(problems);
}

// Before the model is loaded: a reading of hours must not end at a folder that is not there.
function checkOutputs({ data, onset = [], ordinary, json, html }: EvaluateFlags): void {
  const inputs = [...data, ...onset, ...(ordinary === undefined ? [] : [ordinary])].map((file) => resolve(file));
  for (const [file, option] of [
    [json, "--json"],
    [html, "--html"],
  ] as const) {
    if (file === undefined) continue;
    const cure = `name another file with ${option}`;
    if (inputs.includes(resolve(file))) throw rowError({ file }, "the output would replace an input", cure);
    try {
      const isNew = !existsSync(file);
      closeSync(openSync(file, "a"));
      if (isNew) rmSync(file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw rowError({ file }, `the output cannot be written: ${reason}`, cure);
    }
  }
}
