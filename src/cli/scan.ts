import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { z } from "zod";
import type { ReadRequest } from "../engine/engine.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import type { EncodedPrompt } from "../model/prompt.ts";
import { COMMAND_POLICY, openCommandEngine, type CommandEngine } from "./command-engine.ts";
import { createProgress } from "./progress.ts";

interface ScanFlags {
  readonly input: string;
  readonly output: string;
  readonly chat: boolean;
  readonly config: string;
  readonly detectors?: string;
}

const id = z.union([z.string(), z.number()]).optional();
const turn = z.object({ role: z.string(), content: z.string() });
const rowSchema = z.union([
  z.object({ id, messages: z.array(turn).min(1) }),
  z.object({ id, text: z.string().min(1) }),
  z.object({ id, system: z.string().optional(), user: z.string(), assistant: z.string().optional() }),
]);
type Row = z.infer<typeof rowSchema>;

/** Adds `lensgate scan`: every detector over rows of text, offline. */
export function registerScan(program: Command): void {
  program
    .command("scan")
    .description("Read labelled or unlabelled texts through the model and write every detector's score.")
    .requiredOption("--input <file>", "JSON lines with `text`, `messages`, or `system`/`user`/`assistant`")
    .requiredOption("--output <file>", "JSON lines with `id` and `scores`")
    .option("--chat", "put each `text` into the chat template as a user's message", false)
    .option("--detectors <ids>", "only these detectors, separated by commas (default: all)")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(scan);
}

async function scan(flags: ScanFlags): Promise<void> {
  const rows = await readRows(flags.input);
  const only = flags.detectors?.split(",").map((name) => name.trim());
  const command = await openCommandEngine({ config: flags.config, action: "observe", ...(only ? { only } : {}) });
  const output = openSync(flags.output, "w");
  const progress = createProgress(`scanning ${rows.length} rows`);
  try {
    // One row ahead keeps the engine's thread busy while a result is written.
    let ahead: Promise<object> | undefined;
    for (const [index, row] of rows.entries()) {
      const current = ahead ?? scanRow(command, row, flags);
      const next = rows[index + 1];
      ahead = next ? scanRow(command, next, flags) : undefined;
      ahead?.catch(() => undefined);
      writeSync(output, `${JSON.stringify(await current)}\n`);
      progress(index + 1, rows.length);
    }
  } finally {
    closeSync(output);
    await command.engine.close();
  }
}

interface NumberedRow {
  readonly line: number;
  readonly row: Row;
}

async function readRows(file: string): Promise<NumberedRow[]> {
  const rows: NumberedRow[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === "") continue;
    rows.push({ line, row: parseRow(text, `${file}:${line}`) });
  }
  if (rows.length === 0) throw new Error(`${file} holds no row; write one JSON object a line`);
  return rows;
}

function parseRow(text: string, place: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${place}: this is not JSON; write one object a line`);
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${place}: a row needs "text", "messages", or "user" with "system" and "assistant" if there are any`);
}

async function scanRow({ engine, model, config }: CommandEngine, { line, row }: NumberedRow, flags: ScanFlags): Promise<object> {
  const name = row.id ?? String(line);
  const { prompt, forced, promptAs } = encodeRow(model.prompts, row, flags.chat);
  const length = prompt.ids.length + forced.length;
  if (length > config.engine.contextTokens) {
    throw new Error(`${flags.input}:${line}: the row has ${length} tokens, the context holds ${config.engine.contextTokens}; shorten it or raise engine.context_tokens`);
  }
  const request: ReadRequest = {
    id: `scan-${line}`,
    prompt: prompt.ids,
    judged: prompt.judgedAll,
    policy: COMMAND_POLICY,
    promptAs,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    forced,
  };
  const { end } = await runToEnd(engine.read(request));
  if (end.reason !== "stop") throw new Error(`${flags.input}:${line}: the row could not be read (${end.reason}; ${end.decision.rule ?? "no rule"})`);
  const scores = end.scores.map(({ detector, score, fired, position, tap }) => [detector, { score, fired, position, tap }]);
  return { id: name, scores: Object.fromEntries(scores) };
}

interface EncodedRow {
  readonly prompt: EncodedPrompt;
  readonly forced: Int32Array;
  readonly promptAs: "prompt" | "both";
}

/** `text` counts as prompt and as generation; the last assistant turn is what the model would have written. */
function encodeRow(prompts: CommandEngine["model"]["prompts"], row: Row, chat: boolean): EncodedRow {
  const none = new Int32Array(0); // [0]
  if ("text" in row) {
    const prompt = chat ? prompts.encodeChat([{ role: "user", content: row.text }]) : prompts.encodeText(row.text);
    return { prompt, forced: none, promptAs: "both" };
  }
  const turns = "messages" in row ? row.messages : turnsOf(row);
  const last = turns.at(-1);
  if (last?.role !== "assistant") return { prompt: prompts.encodeChat(turns), forced: none, promptAs: "prompt" };
  return { prompt: prompts.encodeChat(turns.slice(0, -1)), forced: prompts.encodeText(last.content).ids, promptAs: "prompt" };
}

function turnsOf(row: { system?: string | undefined; user: string; assistant?: string | undefined }): { role: string; content: string }[] {
  return (["system", "user", "assistant"] as const).flatMap((role) => {
    const content = row[role];
    return content === undefined ? [] : [{ role, content }];
  });
}
