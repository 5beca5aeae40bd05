import { createHash } from "node:crypto";
import { ConfigError } from "../errors.ts";
import { suggestWord } from "../suggestion.ts";
import { readFileRows, rowError, type FileRow, type RowContent } from "./row-content.ts";

/** Where in the reply a concept begins, counted from 0: the index of a token, or of a character. */
export interface Onset {
  readonly unit: "token" | "character";
  readonly index: number;
}

/** A row to learn from or to measure with. Rows of one group belong on one side of every split. */
export interface LabelledRow {
  readonly id: string;
  readonly label: 0 | 1;
  readonly tier: string;
  readonly group: string;
  /** What the column of the option `stratum` says, else the file: rows of one kind of text. */
  readonly stratum: string;
  readonly content: RowContent;
  readonly onset: Onset | null;
  readonly file: string;
  readonly line: number;
}

/** One file that was read. */
export interface DataFile {
  readonly file: string;
  readonly sha256: string;
  readonly rows: number;
}

/** All rows in order, the files, and one hash over the files' hashes in order. */
export interface LabelledData {
  readonly rows: readonly LabelledRow[];
  readonly files: readonly DataFile[];
  readonly sha256: string;
}

/** Which column holds the label ("label"), which of these first holds the group, and how many rows of each class there must be (20; 0 allows one class); `option` named the files. */
export interface LabelledOptions {
  readonly label?: string;
  readonly groups?: readonly string[];
  readonly stratum?: string;
  readonly fewest?: number;
  readonly option?: string;
}

const GROUP_COLUMNS = ["group", "subject", "pair", "family"] as const;
const FEWEST = 20;
const LABELS = new Map<unknown, 0 | 1>([
  [0, 0],
  [1, 1],
  [false, 0],
  [true, 1],
  ["0", 0],
  ["1", 1],
  ["false", 0],
  ["true", 1],
  ["negative", 0],
  ["positive", 1],
]);

/**
 * Reads labelled rows of files of JSON lines. An id that an earlier file has is put behind the file's name; a row without a group is its own,
 * together with rows of the same text. Throws `ConfigError` with file and line for the first bad row, and for too few rows of a class.
 */
export async function readLabelledRows(
  files: readonly string[],
  { label = "label", groups = GROUP_COLUMNS, stratum, fewest = FEWEST, option = "--data" }: LabelledOptions = {},
): Promise<LabelledData> {
  const collection = createCollection({ label, groups, stratum });
  const read: DataFile[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    const before = collection.rows.length;
    const reading = { purpose: "learn from", option, onBytes: (bytes: Uint8Array) => hash.update(bytes) };
    for await (const row of readFileRows(file, reading)) collection.add(row, file);
    read.push({ file, sha256: hash.digest("hex"), rows: collection.rows.length - before });
  }
  checkClasses(collection.rows, files.join(", "), fewest);
  const sha256 = createHash("sha256").update(read.map((file) => `${file.sha256}\n`).join(""));
  return { rows: collection.rows, files: read, sha256: sha256.digest("hex") };
}

interface Columns {
  readonly label: string;
  readonly groups: readonly string[];
  readonly stratum: string | undefined;
}

interface Collection {
  readonly rows: LabelledRow[];
  add(row: FileRow, file: string): void;
}

function createCollection(columns: Columns): Collection {
  const rows: LabelledRow[] = [];
  const ids = new Map<string, LabelledRow>();
  const texts = new Map<string, LabelledRow>();
  const add = (row: FileRow, file: string): void => {
    const place = { file, line: row.line };
    const label = labelOf(row, columns.label, place);
    checkText(row.content, place);
    const id = idOf(row, ids, place);
    const key = createHash("sha256").update(JSON.stringify(row.content)).digest("base64");
    const twin = texts.get(key);
    if (twin !== undefined && twin.label !== label) {
      const message = `the same text has label ${twin.label} in ${twin.file}:${twin.line} and label ${label} here`;
      throw rowError(place, message, "keep one of the two");
    }
    // The same text twice lies on one side, whatever its group columns say.
    const group = twin?.group ?? groupOf(row, columns.groups) ?? id;
    const tier = row.columns["tier"];
    const parsed: LabelledRow = {
      id,
      label,
      group,
      stratum: `${file} ${columns.stratum === undefined ? "" : String(row.columns[columns.stratum])}`.trim(),
      content: row.content,
      onset: onsetOf(row, place),
      ...place,
      tier: typeof tier === "string" || typeof tier === "number" ? String(tier) : "",
    };
    ids.set(id, parsed);
    if (twin === undefined) texts.set(key, parsed);
    rows.push(parsed);
  };
  return { rows, add };
}

interface Place {
  readonly file: string;
  readonly line: number;
}

function labelOf(row: FileRow, column: string, place: Place): 0 | 1 {
  const value = row.columns[column];
  if (value === undefined || value === null) {
    const cure = `give every row a "${column}" of 0 or 1, or name another column: ${suggestWord(column, Object.keys(row.columns))}`;
    throw rowError(place, `the row has no label: there is no column "${column}"`, cure);
  }
  const label = LABELS.get(typeof value === "string" ? value.trim().toLowerCase() : value);
  if (label === undefined) {
    const cure = 'write 0, 1, true, false, "positive" or "negative"';
    throw rowError(place, `"${column}" is ${JSON.stringify(value)}: this is no label`, cure);
  }
  return label;
}

function checkText(content: RowContent, place: Place): void {
  const parts = content.type === "text" ? [content.text] : content.turns.map((turn) => turn.content);
  if (parts.some((part) => part.trim() !== "")) return;
  throw rowError(place, "the row's text is empty", "write a text, or take the row out");
}

function idOf({ id: own }: FileRow, ids: ReadonlyMap<string, LabelledRow>, place: Place): string {
  const named = `${place.file}:${own}`;
  // A file that took the longer name once has its rows under it.
  const earlier = ids.get(String(own));
  if (earlier === undefined) return String(own);
  const twin = earlier.file === place.file ? earlier : ids.get(named);
  if (twin === undefined) return named;
  throw rowError(place, `the id "${own}" is already that of line ${twin.line}`, "give every row of a file its own id");
}

function groupOf(row: FileRow, columns: readonly string[]): string | undefined {
  const value = columns.map((column) => row.columns[column]).find((entry) => entry !== undefined && entry !== null);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
}

function onsetOf({ columns }: FileRow, place: Place): Onset | null {
  const named = [
    { column: "onset", unit: "token" },
    { column: "onset_token", unit: "token" },
    { column: "onset_character", unit: "character" },
  ] as const;
  const found = named.find(({ column }) => columns[column] !== undefined && columns[column] !== null);
  if (found === undefined) return null;
  const index = columns[found.column];
  if (typeof index === "number" && Number.isInteger(index) && index >= 0) return { unit: found.unit, index };
  const cure = `write the index of a ${found.unit} of the reply, counted from 0`;
  throw rowError(place, `"${found.column}" is ${JSON.stringify(index)}: this is no place`, cure);
}

function checkClasses(rows: readonly LabelledRow[], file: string, fewest: number): void {
  const positives = rows.filter((row) => row.label === 1).length;
  const negatives = rows.length - positives;
  if (positives >= fewest && negatives >= fewest) return;
  if (positives === 0 || negatives === 0) {
    const message = `all ${rows.length} rows have label ${positives === 0 ? 0 : 1}`;
    throw new ConfigError([
      { file, message, cure: `add at least ${fewest} rows with label ${positives === 0 ? 1 : 0}` },
    ]);
  }
  const missing = [
    { label: 1, count: fewest - positives },
    { label: 0, count: fewest - negatives },
  ].filter(({ count }) => count > 0);
  const message = `${positives} rows with label 1 and ${negatives} with label 0: at least ${fewest} of each are needed`;
  const cure = `add ${missing.map(({ label, count }) => `${count} rows with label ${label}`).join(" and ")}`;
  throw new ConfigError([{ file, message, cure }]);
}
