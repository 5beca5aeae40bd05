import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Option, type Command } from "commander";
import { loadConfig, type Config } from "../config.ts";
import type { LayerCell } from "../evaluation/heat-chart.ts";
import { mapTaps } from "../evaluation/tap-map.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { everyTap, formatTap } from "../lens/tap.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { openMatrixProduct } from "../model/matrix-product.ts";
import { collectActivations, type FormedRow } from "../training/activations.ts";
import { POOLS, type Pool } from "../training/features.ts";
import { readLabelledRows, type LabelledData } from "../training/labelled-rows.ts";
import { rowError } from "../training/row-content.ts";
import { sampleRows } from "../training/row-sample.ts";
import { openConfiguredModel } from "./command-model.ts";
import { parseInteger } from "./option-values.ts";
import { createProgress } from "./progress.ts";

/** Flags of `lensgate detectors map`, read. */
export interface MapFlags {
  readonly config: string;
  readonly data: readonly string[];
  readonly form: "raw" | "chat";
  readonly label: string;
  readonly group?: string;
  readonly pool: Pool;
  readonly rows: number;
  readonly html?: string;
  readonly json?: string;
}

const SEED = 1;

/** Adds `lensgate detectors map`: where the model keeps a concept. */
export function registerMap(detectors: Command): void {
  detectors
    .command("map")
    .description("Show where the model keeps a concept: how well each tap of each layer tells labelled rows apart.")
    .requiredOption("--data <file...>", "labelled rows, JSON lines")
    .addOption(
      new Option("--form <form>", "how a text is read: as it stands, or as a user's message")
        .choices(["raw", "chat"])
        .default("raw"),
    )
    .option("--label <column>", "column with the label", "label")
    .option("--group <columns>", "columns, the first present of which is a row's group, separated by commas")
    .addOption(
      new Option("--pool <pool>", "how positions become one row: the mean of all, or of the later half")
        .choices(POOLS)
        .default("mean"),
    )
    .option("--rows <count>", "rows to read at most, in whole groups", parseInteger("--rows", 40, 8000), 600)
    .option("--html <file>", "write the map as a page")
    .option("--json <file>", "write the numbers")
    .option("--config <file>", "configuration that names the model", "gateway.yaml")
    .action(async (flags: MapFlags) => {
      for (const line of await mapConcept(flags)) process.stdout.write(`${line}\n`);
    });
}

/** Reads the rows at every tap and returns the map as lines; writes the files that the flags name. Throws `ConfigError` for rows that do not fit. */
export async function mapConcept(flags: MapFlags, now: () => Date = () => new Date()): Promise<string[]> {
  const config = loadConfig({ path: flags.config });
  const groups = flags.group?.split(",").map((column) => column.trim());
  const data = await readLabelledRows(flags.data, { label: flags.label, ...(groups ? { groups } : {}) });
  const rows = chooseRows(data, flags);
  const model = await openConfiguredModel(config);
  const cells = await measure(rows, { config, model, flags });
  const counts = { rows: rows.length, left_out: data.rows.length - rows.length };
  const { formatLayerMap, renderLayerMap } = await import("../evaluation/layer-map.ts");
  const title = `Layer map of ${flags.data.map((file) => basename(file)).join(", ")}`;
  const pooling = flags.pool === "mean" ? "mean of all positions" : "mean of the later half of the positions";
  if (flags.html !== undefined)
    writeTo(flags.html, renderLayerMap({ title, cells, pooling, createdAt: now().toISOString() }));
  if (flags.json !== undefined) {
    const { name, sha256, precision } = model.facts;
    const about = { model: name, model_sha256: sha256, precision, data: data.files, data_sha256: data.sha256 };
    const { form, pool } = flags;
    writeTo(flags.json, `${JSON.stringify({ ...about, form, pool, seed: SEED, ...counts, cells }, null, 2)}\n`);
  }
  return [formatCounts(rows, counts.left_out), "", ...formatLayerMap(cells)];
}

function chooseRows({ rows }: LabelledData, { data, form, rows: most }: MapFlags): FormedRow[] {
  const grouped = { labels: rows.map((row) => row.label), groups: rows.map((row) => row.group) };
  const chosen = Array.from(sampleRows(grouped, { most, seed: SEED }), (row) => rows[row]).filter(
    (row) => row !== undefined,
  );
  for (const label of [0, 1]) {
    const own = new Set(chosen.filter((row) => row.label === label).map((row) => row.group));
    if (own.size > 1) continue;
    const message = `${own.size === 0 ? "no group" : "one group"} with label ${label} is among the ${chosen.length} rows to read: none can be left out`;
    const cure = "give rows of different origin different groups, name another column with --group, or raise --rows";
    throw rowError({ file: data.join(", ") }, message, cure);
  }
  return chosen.map((row) => ({ ...row, form: row.content.type === "chat" ? "chat" : form }));
}

interface Measuring {
  readonly config: Config;
  readonly model: OpenModel;
  readonly flags: MapFlags;
}

async function measure(rows: readonly FormedRow[], { config, model, flags }: Measuring): Promise<LayerCell[]> {
  const { prefillChunkTokens, threads } = config.engine;
  const store = await collectActivations({
    model,
    rows,
    positions: "both",
    taps: everyTap(model.facts.layers).map(formatTap),
    cache: config.cacheDir ?? cacheFolder(),
    prefillChunkTokens,
    ...(threads === undefined ? {} : { threads }),
    onProgress: createProgress(`reading ${rows.length} rows`),
  });
  const product = await openMatrixProduct();
  try {
    return await mapTaps({
      product,
      store,
      labels: Uint8Array.from(rows, (row) => row.label),
      groups: rows.map((row) => row.group),
      pool: flags.pool,
      seed: SEED,
      onProgress: createProgress("measuring taps"),
    });
  } finally {
    store.close();
    await product.close();
  }
}

function formatCounts(rows: readonly FormedRow[], leftOut: number): string {
  const positives = rows.filter((row) => row.label === 1).length;
  const groups = new Set(rows.map((row) => row.group)).size;
  const rest = leftOut === 0 ? "" : `; ${leftOut} rows were left out (--rows)`;
  return `${rows.length} rows of ${groups} groups, ${positives} with label 1${rest}`;
}

function writeTo(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowError({ file }, `the map cannot be written: ${reason}`, "name a file that can be written");
  }
}
