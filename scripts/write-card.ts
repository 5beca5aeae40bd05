// Writes the measured part of a detector's card from what `lensgate detectors evaluate --json` wrote.
//
// usage: npx tsx scripts/write-card.ts detectors/ID.md EVALUATION.json      replaces what stands between the two `measured` marks
import { readFileSync, writeFileSync } from "node:fs";
import type { DetectorEvaluation, FormResult, Interval, OnsetResult } from "../src/evaluation/evaluation.ts";

const [card, source] = process.argv.slice(2);
if (card === undefined || source === undefined) throw new Error("usage: write-card.ts detectors/ID.md EVALUATION.json");
const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";
const text = readFileSync(card, "utf8");
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
if (from < 0 || to < from) throw new Error(`${card} has no ${BEGIN} … ${END}`);
const evaluations = [JSON.parse(readFileSync(source, "utf8")) as DetectorEvaluation | DetectorEvaluation[]].flat();
const id = card.replace(/^.*\//, "").replace(/\.md$/, "");
const evaluation = evaluations.find(({ detector }) => detector === id);
if (!evaluation) throw new Error(`${source} holds no evaluation of ${id}`);
writeFileSync(card, `${text.slice(0, from)}${BEGIN}\n\n${measured(evaluation).join("\n")}\n\n${text.slice(to)}`);

function measured({ forms, onset, ordinary, data, thresholds, hash }: DetectorEvaluation): string[] {
  const rows = data.map(
    (file) => `${file.file.replace(/^.*\//, "")} (${file.rows} rows, sha256 ${file.sha256.slice(0, 16)}…)`,
  );
  return [
    `Definition \`${hash}\`, thresholds: flag ${thresholds.flag}, abort ${thresholds.abort}. Brackets are 95 % intervals by bootstrap over groups.`,
    `Rows: ${rows.join(", ")}.`,
    ...forms.flatMap(formTables),
    ...(onset === null ? [] : onsetTable(onset)),
    ...(ordinary === null
      ? []
      : [
          "",
          `Ordinary running text (${ordinary.text}, ${ordinary.tokens} tokens): ${ordinary.alarms} alarms, ${shown(ordinary.per1000, 2)} a thousand tokens.`,
        ]),
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
        `| ${point.hold} | ${shown(point.caught, 2)} | ${point.leakedMedian ?? "–"} | ${point.leakedP90 ?? "–"} | ${shown(point.noneLeaked, 2)} |`,
    ),
    "",
    `Recommended hold: ${recommendedHold} (${reason}).`,
  ];
}

function shown({ value, low, high }: Interval, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  return `${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
