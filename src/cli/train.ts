import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { loadConfig } from "../config.ts";
import type { Positions } from "../detect/kinds/kind.ts";
import { encodeProbe } from "../detect/probe-file.ts";
import { assembleEvaluation, type ScoredRow } from "../evaluation/assemble.ts";
import type { DetectorEvaluation } from "../evaluation/evaluation.ts";
import { replaceFile } from "../detector-files.ts";
import { ConfigError } from "../errors.ts";
import { parseInteger, parseWeight } from "./option-values.ts";
import { definitionText, outlineTraining, provisionalThreshold } from "./train-outcome.ts";
import { runTraining, type TrainRun } from "./train-run.ts";

/** Flags of `lensgate detectors train`, read. */
export interface TrainFlags {
  readonly data: readonly string[];
  readonly extra: readonly string[];
  readonly extraWeight: number;
  readonly label?: string;
  readonly group?: string;
  readonly stratum?: string;
  readonly form: "raw" | "chat" | "both";
  readonly positions: Positions;
  readonly taps?: string;
  readonly folds: number;
  readonly seed: number;
  readonly description?: string;
  readonly report?: string;
  readonly force: boolean;
  readonly config: string;
}

/** Adds `lensgate detectors train ID`: from labelled rows to a definition with a trained probe. */
export function registerTrain(detectors: Command): void {
  detectors
    .command("train")
    .description("Train a probe on labelled rows: writes <id>.yaml and <id>.safetensors, and says how far to trust it.")
    .argument("<id>", "name of the new detector")
    .requiredOption("--data <files...>", "labelled JSON lines to learn from and to measure on")
    .option("--extra <files...>", "labelled JSON lines to learn from only", [])
    .option(
      "--extra-weight <share>",
      "what such a row counts against one of --data",
      parseWeight("--extra-weight"),
      0.3,
    )
    .option("--label <column>", "column of the label (default: label)")
    .option(
      "--group <columns>",
      "columns whose first present one keeps rows together (default: group,subject,pair,family)",
    )
    .option("--stratum <column>", "column of the kind of text: rows are compared within it (default: the file)")
    .addOption(new Option("--form <form>", "how texts are read").choices(["raw", "chat", "both"]).default("both"))
    .addOption(
      new Option("--positions <positions>", "which positions are judged")
        .choices(["prompt", "generation", "both"])
        .default("both"),
    )
    .option("--taps <list>", "taps to search, like 12.attn_out,50%.resid_post (default: three points at nine depths)")
    .option("--folds <count>", "outer folds that it is measured with", parseInteger("--folds", 2, 50), 6)
    .option("--seed <number>", "seed of the folds", parseInteger("--seed", 0, 1_000_000), 1)
    .option("--description <text>", "what a firing means")
    .option("--report <folder>", "also write scores.jsonl, evaluation.json and report.html there")
    .option("--force", "replace a detector of this name", false)
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (id: string, flags: TrainFlags) => {
      for (const line of await train(id, flags)) process.stdout.write(`${line}\n`);
    });
}

/** Trains and writes; returns what is to be printed. Throws `ConfigError` for files, rows and names that do not fit. */
export async function train(id: string, flags: TrainFlags): Promise<string[]> {
  const folder = loadConfig({ path: flags.config }).detectorsFolder;
  checkName(id, folder, flags.force);
  const { label, group, stratum, taps } = flags;
  const run = await runTraining({
    config: flags.config,
    data: flags.data,
    extra: flags.extra,
    extraWeight: flags.extraWeight,
    ...(label === undefined ? {} : { label }),
    ...(group === undefined ? {} : { groups: group.split(",").map((column) => column.trim()) }),
    ...(stratum === undefined ? {} : { stratum }),
    ...(taps === undefined ? {} : { taps: taps.split(",").map((tap) => tap.trim()) }),
    form: flags.form,
    positions: flags.positions,
    folds: flags.folds,
    seed: flags.seed,
  });
  const threshold = provisionalThreshold(run);
  const evaluation = evaluate(id, { run, flags, threshold });
  writeDetector(folder, id, { run, flags, threshold });
  if (flags.report !== undefined) await writeReport(flags.report, run, evaluation);
  return outlineTraining(id, run, { threshold, evaluation });
}

const NAME = /^[a-z0-9][a-z0-9-]*$/;

function checkName(id: string, folder: string, force: boolean): void {
  const file = join(folder, `${id}.yaml`);
  if (!NAME.test(id)) {
    const cure = "take lower-case letters, digits and hyphens";
    throw new ConfigError([{ file, message: `"${id}" is not a name for a detector`, cure }]);
  }
  const there = [file, join(folder, `${id}.safetensors`)].find((each) => existsSync(each));
  if (force || there === undefined) return;
  const cure = "take another name, or write --force to replace it";
  throw new ConfigError([{ file: there, message: "there is a detector of this name", cure }]);
}

interface Outcome {
  readonly run: TrainRun;
  readonly flags: TrainFlags;
  readonly threshold: number;
}

function evaluate(id: string, { run, flags, threshold }: Outcome): DetectorEvaluation {
  const { rows, nested, model } = run;
  const scored = rows.rows.flatMap((row, index): (ScoredRow & { form: "raw" | "chat" })[] => {
    if (rows.scored[index] !== 1) return [];
    const { content, form, label, tier } = row;
    const text = content.type === "text" ? content.text : (content.turns.at(-1)?.content ?? "");
    const group = rows.groups[index] ?? row.id;
    return [{ id: row.id, tier, group, label, score: nested.scores[index] ?? NaN, text, at: "", form }];
  });
  const forms = (["raw", "chat"] as const)
    .map((form) => ({ form, rows: scored.filter((row) => row.form === form), baselines: [] }))
    .filter((form) => form.rows.length > 0);
  return assembleEvaluation({
    detector: id,
    hash: "",
    description: flags.description ?? `A probe trained on ${flags.data.join(", ")}.`,
    kind: "probe",
    model: model.facts.name,
    precision: model.facts.precision,
    thresholds: { flag: threshold, abort: threshold },
    data: rows.files,
    forms,
    ordinary: null,
    onsets: null,
    notes: [
      "Every score is of a probe that saw no row of the same group: taps, pooling and strength were chosen without it, too.",
    ],
  });
}

function writeDetector(folder: string, id: string, { run, flags, threshold }: Outcome): void {
  const { probe, model, rows } = run;
  const { hidden, sha256, precision } = model.facts;
  const directions = new Float32Array(probe.taps.length * hidden); // [taps, hidden]
  probe.directions.forEach((direction, index) => directions.set(direction, index * hidden));
  const about = { data_sha256: rows.sha256, recipe: JSON.stringify({ ...probe.recipe, set: probe.recipe.set.name }) };
  const file = { taps: probe.taps, directions, bias: probe.bias, hidden, modelSha256: sha256, precision, about };
  // An old definition must never stand over new directions: it goes first, and each file appears whole.
  rmSync(join(folder, `${id}.yaml`), { force: true });
  replaceFile(join(folder, `${id}.safetensors`), encodeProbe(file));
  replaceFile(join(folder, `${id}.yaml`), definitionText(id, run, { ...flags, threshold }));
}

async function writeReport(folder: string, run: TrainRun, evaluation: DetectorEvaluation): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { rows, nested } = run;
  const lines = rows.rows.flatMap(({ id, label, tier, form, file }, index) =>
    rows.scored[index] === 1
      ? [JSON.stringify({ id, label, tier, group: rows.groups[index], form, file, score: nested.scores[index] })]
      : [],
  );
  writeFileSync(join(folder, "scores.jsonl"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  // The plotting library takes a quarter of a second to load.
  const { renderReport } = await import("../evaluation/report.ts");
  const page = renderReport([evaluation], {
    title: `Training of ${evaluation.detector}`,
    createdAt: new Date().toISOString().slice(0, 10),
  });
  writeFileSync(join(folder, "report.html"), page);
}
