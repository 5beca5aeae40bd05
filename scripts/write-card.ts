// Writes the measured parts of a detector's card: rows by probes that never saw their group (`scores.jsonl` of `lensgate detectors train
// --report`) at the definition's thresholds, then onsets and evasions of the shipped one (`lensgate detectors evaluate --json`).
//
// usage: npx tsx scripts/write-card.ts ID SCORES.jsonl [ONSET.json [ADVERSARIAL.json]]
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { assembleForm, type ScoredRow } from "../src/evaluation/assemble.ts";
import type { DetectorEvaluation, FormResult, Interval, OnsetResult } from "../src/evaluation/evaluation.ts";

const [id, scores, onsetFile, adversarialFile] = process.argv.slice(2);
if (id === undefined || scores === undefined)
  throw new Error("usage: write-card.ts ID SCORES.jsonl [ONSET.json [ADVERSARIAL.json]]");
const { threshold } = parse(readFileSync(`detectors/${id}.yaml`, "utf8")) as {
  threshold: number | { flag: number; abort: number };
};
const thresholds = typeof threshold === "number" ? { flag: threshold, abort: threshold } : threshold;
const rows = readFileSync(scores, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as ScoredRow & { form: "raw" | "chat" });
const forms = (["raw", "chat"] as const)
  .map((form) => ({ form, rows: rows.filter((row) => row.form === form), baselines: [] }))
  .filter((form) => form.rows.length > 0)
  .map((form) => assembleForm({ ...form, rows: form.rows.map((row) => ({ ...row, text: "", at: "" })) }, thresholds));
const onset = onsetFile === undefined ? null : evaluationIn(onsetFile).onset;
fill("measured", [
  `Thresholds: flag ${thresholds.flag}, abort ${thresholds.abort}. Brackets are 95 % intervals by bootstrap over groups.`,
  ...forms.flatMap(formTables),
  ...(onset === null ? [] : onsetTable(onset)),
]);
if (adversarialFile !== undefined) fill("adversarial", evasionTable(evaluationIn(adversarialFile)));

function evaluationIn(file: string): DetectorEvaluation {
  const { evaluations: all } = JSON.parse(readFileSync(file, "utf8")) as { evaluations: DetectorEvaluation[] };
  const found = all.find(({ detector }) => detector === id);
  if (!found) throw new Error(`${file} holds no evaluation of ${id}`);
  return found;
}

function fill(part: string, lines: readonly string[]): void {
  const file = `detectors/${id}.md`;
  const [begin, end] = [`<!-- ${part}: begin -->`, `<!-- ${part}: end -->`];
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} … ${end}`);
  writeFileSync(file, `${text.slice(0, from)}${begin}\n\n${lines.join("\n")}\n\n${text.slice(to)}`);
}

function evasionTable({ forms: all }: DetectorEvaluation): string[] {
  const form = all.at(-1);
  return [
    "Twenty texts with the concept under each attempt, at the shipped thresholds; their plain form was learned from, so it stands for the best case:",
    "",
    "| attempt | rows | AUROC against harmless rows | flagged | aborted |",
    "| --- | ---: | --- | --- | --- |",
    ...(form?.tiers ?? []).map(
      (tier) =>
        `| ${tier.tier} | ${tier.rows} | ${shown(tier.auroc, 2)} | ${shown(tier.flagged, 2)} | ${shown(tier.aborted, 2)} |`,
    ),
  ];
}

function formTables({ form, overall, tiers, falseAlarms, baselines }: FormResult): string[] {
  const name = form === "raw" ? "As raw text" : "In the chat template";
  const table = [
    "",
    `### ${name}`,
    "",
    "| tier with the concept | rows | AUROC | recall at 1 % | flagged | aborted |",
    "| --- | ---: | --- | --- | --- | --- |",
    ...[...tiers, { ...overall, tier: "**all**" }].map(
      (tier) =>
        `| ${tier.tier} | ${tier.rows} | ${shown(tier.auroc)} | ${shown(tier.recallAt1, 2)} | ${shown(tier.flagged, 2)} | ${shown(tier.aborted, 2)} |`,
    ),
  ];
  const negatives = [
    "",
    "| tier without it | rows | flagged | aborted |",
    "| --- | ---: | --- | --- |",
    ...falseAlarms.map((tier) => `| ${tier.tier} | ${tier.rows} | ${shown(tier.flagged)} | ${shown(tier.aborted)} |`),
  ];
  const beside = baselines.map(({ name: baseline, auroc }) => `${baseline} ${shown(auroc)}`);
  return [
    ...table,
    ...negatives,
    ...(beside.length > 0 ? ["", `AUROC of baselines on the same rows: ${beside.join(", ")}.`] : []),
  ];
}

function onsetTable({ rows, early, points, recommendedHold, reason, delays }: OnsetResult): string[] {
  const sorted = delays.toSorted((left, right) => left - right);
  const median = sorted[Math.floor(sorted.length / 2)];
  return [
    "",
    "### Onset",
    "",
    `${rows} replies in which the concept begins at a known token; ${early} fired before it. Where it is caught, the alarm comes ${median ?? "–"} tokens after the onset (median).`,
    "",
    "| hold_tokens | caught | leaked, median | leaked, 90 % | nothing leaked |",
    "| ---: | --- | ---: | ---: | --- |",
    ...points.map(
      (point) =>
        `| ${point.hold} | ${shown(point.caught, 2)} | ${point.leakedMedian ?? "–"} | ${point.leakedP90?.toFixed(1) ?? "–"} | ${shown(point.noneLeaked, 2)} |`,
    ),
    "",
    `Recommended hold: ${recommendedHold} (${reason}).`,
  ];
}

function shown({ value, low, high }: Interval, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  return `${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
