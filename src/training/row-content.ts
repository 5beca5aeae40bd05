import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";
import { ConfigError } from "../errors.ts";

const id = z.union([z.string(), z.number()]).optional();
const turn = z.object({ role: z.string(), content: z.string() });
const rowSchema = z.union([
  z.object({ id, messages: z.array(turn).min(1) }),
  z.object({ id, text: z.string().min(1) }),
  z.object({ id, system: z.string().optional(), user: z.string(), assistant: z.string().optional() }),
]);

/** One turn of a conversation. */
export interface RowTurn {
  readonly role: string;
  readonly content: string;
}

/** What is read in a row: a text as it stands, or a conversation. */
export type RowContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "chat"; readonly turns: readonly RowTurn[] };

/** A row of a file of JSON lines; `id` is its own, else its line number; `columns` is the whole object. */
export interface FileRow {
  readonly line: number;
  readonly id: string | number;
  readonly content: RowContent;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** How errors name the rows ("a row to scan") and the option that named the file; `onBytes` sees the file's bytes as they come. */
export interface RowReading {
  readonly purpose: string;
  readonly option: string;
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** A fault of one line of the input, as `file:line: message (cure: …)`. */
export function rowError(place: { file: string; line?: number }, message: string, cure: string): ConfigError {
  return new ConfigError([{ ...place, message, cure }]);
}

/** Streams a file of JSON lines; empty lines are passed over. Throws `ConfigError` for a file that cannot be read, one without rows, and the first bad row. */
export async function* readFileRows(file: string, reading: RowReading): AsyncGenerator<FileRow> {
  let line = 0;
  let rows = 0;
  for await (const text of createInterface({ input: await openInput(file, reading), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === "") continue;
    rows += 1;
    yield parseRow(text, { file, line }, reading.purpose);
  }
  if (rows === 0) throw rowError({ file }, "the input holds no row", "write one JSON object a line");
}

// An error that comes before lines are asked for would reach nobody: the file is opened first.
async function openInput(file: string, { option, onBytes }: RowReading): Promise<Readable> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new Error("it is a folder");
    }
    const stream = handle.createReadStream();
    if (onBytes !== undefined) stream.on("data", (chunk) => onBytes(Buffer.from(chunk)));
    return stream;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowError({ file }, `the input cannot be read: ${reason}`, `name a file of JSON lines with ${option}`);
  }
}

function parseRow(text: string, place: { file: string; line: number }, purpose: string): FileRow {
  let value: unknown;
  try {
    // Editors on some systems put a byte order mark in front of the first line.
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw rowError(place, "this is not JSON", "write one object a line");
  }
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const cure = 'give it "text", "messages", or "user" with "system" and "assistant" if there are any';
    throw rowError(place, `this is not a row to ${purpose}`, cure);
  }
  const { data } = parsed;
  return { line: place.line, id: data.id ?? place.line, content: contentOf(data), columns: { ...(value as object) } };
}

function contentOf(row: z.output<typeof rowSchema>): RowContent {
  if ("text" in row) return { type: "text", text: row.text };
  if ("messages" in row) return { type: "chat", turns: row.messages };
  const turns = (["system", "user", "assistant"] as const).flatMap((role) => {
    const content = row[role];
    return content === undefined ? [] : [{ role, content }];
  });
  return { type: "chat", turns };
}
