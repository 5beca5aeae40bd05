import { basename } from "node:path";
import type { DetectorEvaluation, Interval } from "../evaluation/evaluation.ts";
import { quantile } from "../evaluation/bootstrap.ts";
import type { TrainFlags } from "./train.ts";
import type { TrainRun } from "./train-run.ts";

const RATE = 0.01;
const FEW_GROUPS = 60;

/** A threshold until there is a calibrated one: about 1 % of the held-out rows without the concept reach it. Above the start value; in the probe's unit. */
export function provisionalThreshold(run: TrainRun): number {
  const { start } = run.probe.aggregate;
  const threshold = Math.ceil(quantile(heldOutNegatives(run).sort(), 1 - RATE) * 1000) / 1000;
  // A threshold below the start value would fire before anything was read.
  return start !== undefined && start >= threshold ? start + 0.001 : threshold;
}

function heldOutNegatives({ rows, nested }: TrainRun): Float64Array {
  return Float64Array.from(nested.scores.filter((score, row) => rows.labels[row] === 0 && !Number.isNaN(score)));
}

/** The definition of a trained probe, in YAML. */
export function definitionText(
  id: string,
  run: TrainRun,
  { threshold, ...flags }: Pick<TrainFlags, "description" | "positions" | "data"> & { threshold: number },
): string {
  const { probe, rows } = run;
  const names = rows.files.map(({ file, sha256 }) => `#   ${basename(file)} (sha256 ${sha256.slice(0, 16)}…)`);
  const description = flags.description ?? `A probe trained on ${flags.data.map((file) => basename(file)).join(", ")}.`;
  const negatives = heldOutNegatives(run);
  const reached = negatives.filter((score) => score >= threshold).length;
  return [
    `# Trained by \`lensgate detectors train ${id}\`. Scores are in spreads of rows without the concept: 0 is their mean.`,
    "# Learned from:",
    ...names,
    `description: ${JSON.stringify(description)}`,
    "kind: probe",
    `options: { file: ${id}.safetensors }`,
    `positions: ${flags.positions}`,
    `aggregate: ${flowMap(probe.aggregate)}`,
    `threshold: ${threshold}`,
    "calibration:",
    "  status: uncalibrated",
    `  note: ${reached} of ${negatives.length} held-out rows without the concept reached the threshold. Run lensgate detectors calibrate ${id}.`,
    "",
  ].join("\n");
}

function flowMap(value: object): string {
  return `{ ${Object.entries(value)
    .map(([key, entry]) => `${key}: ${String(entry)}`)
    .join(", ")} }`;
}

/** What training prints: what it learned from, what was chosen, how well it does on rows that it never saw, and how sure that is. */
export function outlineTraining(
  id: string,
  { rows, probe, nested }: TrainRun,
  { threshold, evaluation }: { readonly threshold: number; readonly evaluation: DetectorEvaluation },
): string[] {
  // A row that is read both ways is one example.
  const measured = [
    ...new Map(rows.rows.filter((_, index) => rows.scored[index] === 1).map((row) => [row.id, row])).values(),
  ];
  const positives = measured.filter(({ label }) => label === 1).length;
  const groups = new Set(rows.groups.filter((_, index) => rows.scored[index] === 1)).size;
  const learned = rows.scored.filter((scored) => scored === 0).length;
  const lines = [
    `${id}: ${positives} rows with the concept, ${measured.length - positives} without, in ${groups} groups` +
      (learned > 0 ? `; ${learned} more to learn from` : ""),
    `chosen: ${probe.taps.length} taps (${probe.recipe.set.name}), pooled ${probe.recipe.pool}, strength ${probe.recipe.lambda}, aggregate ${flowMap(probe.aggregate)}`,
    `chosen without each fold: ${nested.folds.map(({ recipe }) => `${recipe.set.name}/${recipe.pool}`).join(", ")}`,
  ];
  for (const form of evaluation.forms) {
    const { overall } = form;
    lines.push(
      `${form.form}: AUROC ${shown(overall.auroc)}, recall at 1 % false alarms ${shown(overall.recallAt1)}, on groups that it never saw`,
    );
    for (const tier of form.tiers.length > 1 ? form.tiers : []) {
      lines.push(
        `  ${tier.tier.padEnd(24)} ${String(tier.rows).padStart(5)}  AUROC ${shown(tier.auroc)}  recall ${shown(tier.recallAt1)}`,
      );
    }
  }
  lines.push(`threshold ${threshold}, until it is calibrated: lensgate detectors calibrate ${id}`);
  if (groups < FEW_GROUPS) {
    lines.push(
      `${groups} groups are few: the intervals say how little is known. More wordings help more than more rows of the same ones.`,
    );
  }
  return lines;
}

function shown({ value, low, high }: Interval): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}
