import { readLabelledRows, type DataFile, type LabelledRow } from "../training/labelled-rows.ts";
import { drawsFrom, shuffled } from "../training/random.ts";
import { rowError } from "../training/row-content.ts";
import { rowsByGroup, sampleRows } from "../training/row-sample.ts";

/** Labelled rows on two sides: thresholds are chosen on one, figures are of the other. */
export interface OverseerRows {
  readonly rows: readonly LabelledRow[];
  /** 1: the row is scored; 0: thresholds are chosen on it. `[rows]` */
  readonly scored: Uint8Array;
  readonly files: readonly DataFile[];
}

const FEWEST = 2;

/** Reads at most so many rows in whole groups, and puts every group on one side. Throws `ConfigError` for bad rows, and where a side lacks a class. */
export async function readOverseerRows(
  files: readonly string[],
  { limit, seed }: { readonly limit: number; readonly seed: number },
): Promise<OverseerRows> {
  const data = await readLabelledRows(files, { fewest: FEWEST });
  const labels = data.rows.map(({ label }) => label);
  const groups = data.rows.map(({ group }) => group);
  const chosen = sampleRows({ labels, groups }, { most: limit, seed });
  const rows = Array.from(chosen).flatMap((row) => data.rows[row] ?? []);
  const scored = sidesOf(rows, seed);
  const lacks = (side: 0 | 1, label: 0 | 1): boolean =>
    !rows.some((row, index) => scored[index] === side && row.label === label);
  const [place, cure] = [{ file: files.join(", ") }, "add rows in other groups, or raise --limit"];
  for (const label of [0, 1] as const) {
    if (lacks(1, label)) throw rowError(place, `no row with label ${label} is left to be scored`, cure);
  }
  if (lacks(0, 0)) throw rowError(place, "no row with label 0 is left to choose thresholds on", cure);
  return { rows, scored, files: data.files };
}

/** The files that a definition says it learned from, by the hashes in its comments. */
export function learnedFrom(definition: string, files: readonly DataFile[]): string[] {
  const comments = definition.split("\n").filter((line) => line.startsWith("#"));
  return files
    .filter(({ sha256 }) => comments.some((line) => line.includes(`sha256 ${sha256.slice(0, 16)}`)))
    .map(({ file }) => file);
}

// Groups with one label and with both are dealt out apart, so that small sets have both classes on both sides.
function sidesOf(rows: readonly LabelledRow[], seed: number): Uint8Array {
  const scored = new Uint8Array(rows.length);
  const filled = new Map<string, readonly [choosing: number, scoring: number]>();
  const groups = rowsByGroup(
    rows.keys(),
    rows.map(({ group }) => group),
  );
  for (const own of shuffled(groups, drawsFrom(seed))) {
    const kind = [0, 1].filter((label) => own.some((row) => rows[row]?.label === label)).join();
    const [choosing, scoring] = filled.get(kind) ?? [0, 0];
    const side = scoring <= choosing ? 1 : 0;
    for (const row of own) scored[row] = side;
    filled.set(kind, side === 1 ? [choosing, scoring + own.length] : [choosing + own.length, scoring]);
  }
  return scored;
}
