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
export interface ScanTurn {
  readonly role: string;
  readonly content: string;
}

/** What is judged in a row: a text as it stands, or a conversation. */
export type ScanContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "chat"; readonly turns: readonly ScanTurn[] };

/** A row of the input; `id` is its own, else its line number. */
export interface ScanRow {
  readonly line: number;
  readonly id: string | number;
  readonly content: ScanContent;
}

/** A fault of one line of the input, as `file:line: message (cure: …)`. */
export function rowError(place: { file: string; line?: number }, message: string, cure: string): ConfigError {
  return new ConfigError([{ ...place, message, cure }]);
}

/** Reads a file of JSON lines; empty lines are passed over. Throws `ConfigError` for a file that cannot be read and for the first bad row. */
export async function readRows(file: string): Promise<ScanRow[]> {
  const rows: ScanRow[] = [];
  let line = 0;
  for await (const text of createInterface({ input: await openInput(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() !== "") rows.push(parseRow(text, { file, line }));
  }
  if (rows.length === 0) throw rowError({ file }, "the input holds no row", "write one JSON object a line");
  return rows;
}

// An error that comes before lines are asked for would reach nobody: the file is opened first.
async function openInput(file: string): Promise<Readable> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new Error("it is a folder");
    }
    return handle.createReadStream({ encoding: "utf8" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowError({ file }, `the input cannot be read: ${reason}`, "name a file of JSON lines with --input");
  }
}

function parseRow(text: string, place: { file: string; line: number }): ScanRow {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw rowError(place, "this is not JSON", "write one object a line");
  }
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const cure = 'give it "text", "messages", or "user" with "system" and "assistant" if there are any';
    throw rowError(place, "this is not a row to scan", cure);
  }
  const { data } = parsed;
  return { line: place.line, id: data.id ?? place.line, content: contentOf(data) };
}

function contentOf(row: z.output<typeof rowSchema>): ScanContent {
  if ("text" in row) return { type: "text", text: row.text };
  if ("messages" in row) return { type: "chat", turns: row.messages };
  const turns = (["system", "user", "assistant"] as const).flatMap((role) => {
    const content = row[role];
    return content === undefined ? [] : [{ role, content }];
  });
  return { type: "chat", turns };
}
