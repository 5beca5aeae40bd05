import { createHash } from "node:crypto";
import { readFileRows, rowError, type FileRow, type RowContent } from "./row-content.ts";
import type { DataFile } from "./labelled-rows.ts";

/** A row without the concept. `key` is the sha256 of its content: rows of one content are one row. */
export interface OrdinaryRow {
  readonly key: string;
  readonly content: RowContent;
  readonly file: string;
  readonly line: number;
}

/** Distinct rows in order, how many repeated one of them, and the files with the number of rows that each gave. */
export interface OrdinaryData {
  readonly rows: readonly OrdinaryRow[];
  readonly duplicates: number;
  readonly files: readonly DataFile[];
}

const ORDINARY: ReadonlySet<unknown> = new Set([undefined, null, 0, false, "0", "false", "negative"]);
const CONCEPT: ReadonlySet<unknown> = new Set([1, true, "1", "true", "positive"]);

/**
 * Streams rows with a label of 0, or none, from files of JSON lines, each content once. Throws `ConfigError` with file and line for a row with
 * label 1 or one that is no label, a row without text, and whatever `readFileRows` refuses.
 */
export async function readOrdinaryRows(files: readonly string[], option = "--ordinary"): Promise<OrdinaryData> {
  const rows = new Map<string, OrdinaryRow>();
  const read: DataFile[] = [];
  let duplicates = 0;
  for (const file of files) {
    const hash = createHash("sha256");
    const before = rows.size;
    const reading = { purpose: "calibrate on", option, onBytes: (bytes: Uint8Array) => hash.update(bytes) };
    for await (const row of readFileRows(file, reading)) {
      checkOrdinary(row, file);
      const key = contentKey(row.content);
      if (rows.has(key)) duplicates += 1;
      else rows.set(key, { key, content: row.content, file, line: row.line });
    }
    read.push({ file, sha256: hash.digest("hex"), rows: rows.size - before });
  }
  return { rows: [...rows.values()], duplicates, files: read };
}

/** What rows of one content share: sha256 in hex. */
export function contentKey(content: RowContent): string {
  // A text is answered as a user's message, so the two are one reply.
  const turns = content.type === "text" ? [{ role: "user", content: content.text }] : content.turns;
  const parts = turns.map((turn) => [turn.role, turn.content]);
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function checkOrdinary({ line, columns, content }: FileRow, file: string): void {
  const label = columns["label"];
  const known = typeof label === "string" ? label.trim().toLowerCase() : label;
  if (CONCEPT.has(known)) {
    const cure = "take it out, or give rows with the concept with --positives";
    throw rowError({ file, line }, "the row has label 1: it is no ordinary reply", cure);
  }
  if (!ORDINARY.has(known)) {
    throw rowError({ file, line }, `"label" is ${JSON.stringify(label)}: this is no label`, "write 0, or leave it out");
  }
  const texts = content.type === "text" ? [content.text] : content.turns.map((turn) => turn.content);
  if (texts.some((text) => text.trim() !== "")) return;
  throw rowError({ file, line }, "the row's text is empty", "write a text, or take the row out");
}
