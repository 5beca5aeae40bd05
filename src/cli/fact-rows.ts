import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../errors.ts";

const schema = z.object({
  text: z.string().min(1),
  answer: z.string().min(1),
  answer_aliases: z.array(z.string().min(1)).default([]),
});

/** A text whose continuation is a fact. */
export interface FactRow {
  readonly text: string;
  /** The answer and its other names, none twice. */
  readonly answers: readonly string[];
}

/** Reads facts, one JSON object a line; empty lines are passed over. Throws `ConfigError` for the first bad row, and for none. */
export function readFacts(file: string): FactRow[] {
  const fault = (message: string, line?: number) => {
    const cure = 'write one JSON object a line with "text", "answer" and, if there are any, "answer_aliases"';
    return new ConfigError([{ file, ...(line === undefined ? {} : { line }), message, cure }]);
  };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fault(`the facts cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const rows = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const parsed = schema.safeParse(parseJson(line));
    if (!parsed.success) throw fault("this is not a fact", index + 1);
    const { answer, answer_aliases: aliases } = parsed.data;
    return [{ text: parsed.data.text, answers: [...new Set([answer, ...aliases])] }];
  });
  if (rows.length === 0) throw fault("the file holds no fact");
  return rows;
}

// What is no JSON at all fails the schema like any other value.
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
