import { createHash } from "node:crypto";
import type { FormedRow } from "./activations.ts";
import { assignFolds } from "./folds.ts";
import { readLabelledRows, type DataFile, type LabelledRow } from "./labelled-rows.ts";
import { rowError } from "./row-content.ts";

/** Kernels of all rows lie in memory, and a fit takes the cube of the rows: 8,000 are 4 GB and half an hour. */
const MOST_ROWS = 8000;

/** Files to learn from and how to read them. */
export interface TrainingData {
  /** Rows that are learned from and measured on. */
  readonly data: readonly string[];
  /** Rows that are only learned from. */
  readonly extra: readonly string[];
  readonly label?: string;
  /** Columns of which the first present is a row's group. */
  readonly groups?: readonly string[];
  /** Column of the kind of text: rows are compared within it; the file when absent. */
  readonly stratum?: string;
  /** `both` reads every row of `data` both ways, and of `extra` each group one way or the other. */
  readonly form: "raw" | "chat" | "both";
  /** What a row of `extra` counts against a row of `data`. */
  readonly extraWeight: number;
  readonly folds: number;
  readonly seed: number;
}

/** Rows ready for the trainer, all arrays [rows]. */
export interface TrainingRows {
  readonly rows: readonly FormedRow[];
  readonly files: readonly DataFile[];
  /** sha256 over the files' hashes. */
  readonly sha256: string;
  readonly labels: Uint8Array;
  readonly groups: readonly string[];
  readonly outer: Int32Array;
  readonly scored: Uint8Array;
  readonly weights: Float32Array;
  readonly strata: readonly string[];
}

/** Reads the files and parts the groups into outer folds. A group of `extra` that `data` has, too, is left out with it; a text that `data` has is not read twice. Throws `ConfigError`. */
export async function readTrainingRows(options: TrainingData): Promise<TrainingRows> {
  const { label, groups: columns, stratum, form, seed } = options;
  const reading = {
    ...(label === undefined ? {} : { label }),
    ...(columns === undefined ? {} : { groups: columns }),
    ...(stratum === undefined ? {} : { stratum }),
  };
  const data = await readLabelledRows(options.data, reading);
  const extra =
    options.extra.length === 0 ? undefined : await readLabelledRows(options.extra, { ...reading, fewest: 0 });
  const forms = form === "both" ? (["raw", "chat"] as const) : [form];
  const measured = data.rows.flatMap((row): FormedRow[] => {
    if (row.content.type === "chat") return [{ ...row, form: "chat" }];
    return forms.map((each) => ({ ...row, form: each }));
  });
  const learned = withoutTwins(extra?.rows ?? [], data.rows).map((row): FormedRow => ({
    ...row,
    form: form === "both" ? sideOf(row.group) : form,
  }));
  const rows = [...measured, ...learned];
  checkSize(rows);
  const groups = rows.map(({ group }) => group.toLowerCase());
  const files = [...data.files, ...(extra?.files ?? [])];
  return {
    rows,
    files,
    sha256: createHash("sha256")
      .update(files.map((file) => `${file.sha256}\n`).join(""))
      .digest("hex"),
    labels: Uint8Array.from(rows, (row) => row.label),
    groups,
    outer: outerFolds(rows, { groups, measured: measured.length, folds: options.folds, seed }),
    scored: Uint8Array.from(rows, (_, index) => (index < measured.length ? 1 : 0)),
    strata: rows.map((row) => `${row.form} ${row.stratum}`),
    weights: Float32Array.from(rows, (_, index) => (index < measured.length ? 1 : options.extraWeight)),
  };
}

interface Parting {
  readonly groups: readonly string[]; // [rows]
  /** How many rows, the first ones, are left out in turn. */
  readonly measured: number;
  readonly folds: number;
  readonly seed: number;
}

// What is left without a fold must itself be parted, to choose by: two groups of each class. Other seeds part the groups otherwise.
function outerFolds(rows: readonly FormedRow[], { groups, measured, folds, seed }: Parting): Int32Array {
  const own = groups.slice(0, measured);
  const count = Math.min(folds, new Set(own).size);
  for (let attempt = 0; attempt < 50 && count > 1; attempt += 1) {
    const foldOf = new Map<string, number>();
    assignFolds(own, count, seed + attempt).forEach((fold, row) => foldOf.set(own[row] ?? "", fold));
    const outer = Int32Array.from(groups, (group) => foldOf.get(group) ?? -1);
    const left = (fold: number, label: number) =>
      new Set(groups.filter((_, row) => outer[row] !== fold && rows[row]?.label === label)).size;
    if (
      [0, 1].every((label) => Array.from({ length: count }, (_, fold) => left(fold, label)).every((size) => size > 1))
    )
      return outer;
  }
  throw tooFewGroups(rows, groups);
}

function tooFewGroups(rows: readonly FormedRow[], groups: readonly string[]): Error {
  const groupsOf = (label: number) => [...new Set(groups.filter((_, row) => rows[row]?.label === label))];
  const label = groupsOf(1).length <= groupsOf(0).length ? 1 : 0;
  const names = groupsOf(label).map((group) => JSON.stringify(group));
  const message = `the rows with label ${label} are of ${names.length === 1 ? "one group" : `${names.length} groups`} (${names.slice(0, 3).join(", ")}): too few to leave some out`;
  const cure =
    "give rows of different origin different groups, at least three a class, or name another column with --group";
  return rowError({ file: rows[0]?.file ?? "" }, message, cure);
}

function checkSize(rows: readonly FormedRow[]): void {
  if (rows.length <= MOST_ROWS) return;
  const message = `${rows.length} rows to learn from: every row is compared with every other, and there may be at most ${MOST_ROWS}`;
  throw rowError({ file: rows[0]?.file ?? "" }, message, "take a sample of the groups, fewer files, or one form");
}

// Under another group's name, a measured text would be learned from while it is left out.
function withoutTwins(rows: readonly LabelledRow[], measured: readonly LabelledRow[]): LabelledRow[] {
  const known = new Set(measured.map(textKey));
  return rows.filter((row) => !known.has(textKey(row)));
}

function textKey({ content }: LabelledRow): string {
  const parts = content.type === "text" ? [content.text] : content.turns.map((turn) => turn.content);
  return parts.join(" ").toLowerCase().replaceAll(/\s+/g, " ").trim();
}

// Half of the groups, the same ones every time.
function sideOf(group: string): "raw" | "chat" {
  return (createHash("sha256").update(group).digest()[0] ?? 0) % 2 === 0 ? "raw" : "chat";
}
