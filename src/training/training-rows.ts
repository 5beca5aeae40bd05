import { createHash } from "node:crypto";
import type { FormedRow } from "./activations.ts";
import { assignFolds } from "./folds.ts";
import { readLabelledRows, type DataFile, type LabelledRow } from "./labelled-rows.ts";

/** Files to learn from and how to read them. */
export interface TrainingData {
  /** Rows that are learned from and measured on. */
  readonly data: readonly string[];
  /** Rows that are only learned from. */
  readonly extra: readonly string[];
  readonly label?: string;
  /** Columns of which the first present is a row's group. */
  readonly groups?: readonly string[];
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
}

/** Reads the files and parts the groups into outer folds. A group of `extra` that `data` has, too, is left out with it; a text that `data` has is not read twice. Throws `ConfigError`. */
export async function readTrainingRows(options: TrainingData): Promise<TrainingRows> {
  const { label, groups: columns, form, seed } = options;
  const reading = { ...(label === undefined ? {} : { label }), ...(columns === undefined ? {} : { groups: columns }) };
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
  const groups = rows.map(({ group }) => group.toLowerCase());
  const own = groups.slice(0, measured.length);
  const folds = assignFolds(own, Math.min(options.folds, new Set(own).size), seed);
  const foldOf = new Map(own.map((group, index) => [group, folds[index] ?? -1]));
  const files = [...data.files, ...(extra?.files ?? [])];
  return {
    rows,
    files,
    sha256: createHash("sha256")
      .update(files.map((file) => `${file.sha256}\n`).join(""))
      .digest("hex"),
    labels: Uint8Array.from(rows, (row) => row.label),
    groups,
    outer: Int32Array.from(groups, (group) => foldOf.get(group) ?? -1),
    scored: Uint8Array.from(rows, (_, index) => (index < measured.length ? 1 : 0)),
    weights: Float32Array.from(rows, (_, index) => (index < measured.length ? 1 : options.extraWeight)),
  };
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
