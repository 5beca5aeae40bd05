// The nested figures of the shipped families: both splits of each labelled set, everything chosen inside the fold.
//
// usage: npx tsx bench/nested-table.ts FOLDER [NAME …]      FOLDER holds A_public.jsonl and the others; names as in the table (default: all)
// LENSGATE_CONFIG names another configuration than gateway.yaml.
import { join } from "node:path";
import { bootstrap } from "../src/evaluation/bootstrap.ts";
import { rankedAuroc, rankedRecall } from "../src/training/rates.ts";
import { runTraining, type TrainRunOptions } from "../src/cli/train-run.ts";

interface Split {
  readonly name: string;
  readonly data: readonly string[];
  readonly extra: string;
  readonly groups: readonly string[];
  readonly stratum?: string;
  readonly folds: number;
  readonly extraWeight: number;
  readonly positions?: "generation";
  /** Which rows a figure is about. */
  readonly figures: Readonly<Record<string, (row: { tier: string; label: number; file: string }) => boolean>>;
}

const ofFile = (name: string) => (row: { file: string }) => row.file.includes(`${name}_public`);
const SPLITS: readonly Split[] = [
  {
    name: "country-subjects",
    data: ["A", "A2"],
    extra: "country",
    groups: ["subject", "expected_country", "pair"],
    folds: 6,
    extraWeight: 0.3,
    figures: { A: ofFile("A") },
  },
  {
    name: "country-templates",
    data: ["A", "A2"],
    extra: "country",
    groups: ["template", "pair"],
    folds: 12,
    extraWeight: 0.3,
    figures: { A: ofFile("A"), A2: ofFile("A2") },
  },
  {
    name: "country-countries",
    data: ["A", "A2"],
    extra: "country",
    groups: ["pair", "subject"],
    folds: 6,
    extraWeight: 0.3,
    figures: { A2: ofFile("A2") },
  },
  {
    name: "audit-wordings",
    data: ["B2", "B"],
    extra: "audit",
    groups: ["wording", "pair", "id"],
    folds: 6,
    extraWeight: 0.5,
    figures: {
      "B seed tiers": (row) => row.tier.startsWith("seed"),
      "B2 against decoys": (row) => row.tier.startsWith("b2") && row.tier !== "b2_plain",
      "B2 implicit": (row) => row.tier === "b2_implicit" || row.tier === "b2_decoy_implicit",
    },
  },
  {
    name: "audit-families",
    data: ["B2", "B"],
    extra: "audit",
    groups: ["family", "pair", "id"],
    folds: 6,
    extraWeight: 0.5,
    figures: {
      "B2 against decoys": (row) => row.tier.startsWith("b2") && row.tier !== "b2_plain",
      "B2 implicit": (row) => row.tier === "b2_implicit" || row.tier === "b2_decoy_implicit",
    },
  },
  {
    name: "harm-groups",
    data: ["C"],
    extra: "harm",
    groups: ["group", "id"],
    stratum: "source",
    folds: 6,
    extraWeight: 1,
    figures: { XSTest: (row) => row.tier.startsWith("xstest"), "all of C": () => true },
  },
  {
    name: "harm-tiers",
    data: ["C"],
    extra: "harm",
    groups: ["tier"],
    stratum: "source",
    folds: 9,
    extraWeight: 1,
    figures: { XSTest: (row) => row.tier.startsWith("xstest") },
  },
  {
    name: "deception-families",
    data: ["E"],
    extra: "deception",
    groups: ["family"],
    folds: 5,
    extraWeight: 0.5,
    positions: "generation",
    figures: { "lies against twins": (row) => row.tier !== "e_fiction", "E with fiction": () => true },
  },
];

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: npx tsx bench/nested-table.ts FOLDER [NAME …]");
for (const split of SPLITS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  for (const line of await measure(split, folder)) process.stdout.write(`${line}\n`);
}

async function measure(split: Split, from: string): Promise<string[]> {
  const options: TrainRunOptions = {
    config: process.env["LENSGATE_CONFIG"] ?? "gateway.yaml",
    data: split.data.map((name) => join(from, `${name}_public.jsonl`)),
    extra: [`detectors/data/${split.extra}.jsonl`],
    extraWeight: split.extraWeight,
    groups: split.groups,
    ...(split.stratum === undefined ? {} : { stratum: split.stratum }),
    form: "raw",
    positions: split.positions ?? "both",
    folds: split.folds,
    seed: 1,
  };
  const { rows, nested } = await runTraining(options);
  const chosen = nested.folds.map(({ recipe, aggregate }) => `${recipe.set.name}/${recipe.pool}/${aggregate.type}`);
  const lines = [`${split.name}: chosen in the folds ${[...new Set(chosen)].join(", ")}`];
  for (const [figure, isMeant] of Object.entries(split.figures)) {
    const at = rows.rows.flatMap((row, index) => (rows.scored[index] === 1 && isMeant(row) ? [index] : []));
    const [auroc, recall] = bootstrap(
      {
        scores: at.map((index) => nested.scores[index] ?? NaN),
        labels: at.map((index) => rows.labels[index] ?? 0),
        groups: at.map((index) => rows.groups[index] ?? ""),
      },
      [rankedAuroc, (ranked, counts) => rankedRecall(ranked, 0.01, counts)],
    );
    const shown = (interval: { value: number; low: number; high: number } | undefined) =>
      interval === undefined
        ? "–"
        : `${interval.value.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
    lines.push(`  ${figure} (${at.length} rows): AUROC ${shown(auroc)}, recall at 1 % ${shown(recall)}`);
  }
  return lines;
}
