import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import type { Command } from "commander";
import type { RunEnd } from "../engine/engine.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import { openCommandEngine, type CommandEngine } from "./command-engine.ts";
import { encodeFitting, readAhead } from "./observed-read.ts";
import { createProgress } from "./progress.ts";
import { encodeRow } from "../training/encoded-row.ts";
import { rowError } from "../training/row-content.ts";
import { readRows, type ScanRow } from "./scan-rows.ts";

/** Flags of `lensgate scan`, read. */
export interface ScanFlags {
  readonly input: string;
  readonly output: string;
  readonly chat: boolean;
  readonly config: string;
  readonly detectors?: string;
}

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

/** Scans the input into the output. Throws `ConfigError` for files and rows that do not fit; what was written before stays. */
export async function scan(flags: ScanFlags): Promise<void> {
  const rows = await readRows(flags.input);
  const output = openOutput(flags);
  try {
    const only = flags.detectors?.split(",").map((name) => name.trim());
    const command = await openCommandEngine({ config: flags.config, action: "observe", ...(only ? { only } : {}) });
    try {
      // Only now: a model that does not load must not cost an earlier output.
      if (fstatSync(output).isFile()) ftruncateSync(output);
      await scanRows(command, { rows, flags, write: (line) => writeSync(output, `${line}\n`) });
    } finally {
      await command.engine.close();
    }
  } finally {
    closeSync(output);
  }
}

function openOutput({ input, output: file }: ScanFlags): number {
  let output: number;
  try {
    output = openSync(file, "a");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw rowError(
      { file },
      `the output cannot be written: ${reason}`,
      "name a file that can be written with --output",
    );
  }
  const [from, to] = [statSync(input), fstatSync(output)];
  if (!to.isFile() || from.ino !== to.ino || from.dev !== to.dev) return output;
  closeSync(output);
  throw rowError({ file }, "the output would replace the input", "name another file with --output");
}

interface Scanning {
  readonly rows: readonly ScanRow[];
  readonly flags: ScanFlags;
  readonly write: (line: string) => void;
}

async function scanRows(command: CommandEngine, { rows, flags, write }: Scanning): Promise<void> {
  const progress = createProgress(`scanning ${rows.length} rows`);
  let done = 0;
  for await (const line of readAhead(rows, (row) => scanRow(command, row, flags))) {
    write(JSON.stringify(line));
    done += 1;
    progress(done, rows.length);
  }
}

async function scanRow(command: CommandEngine, row: ScanRow, flags: ScanFlags): Promise<object> {
  const { engine, model } = command;
  const place = { file: flags.input, line: row.line };
  const form = flags.chat ? "chat" : "raw";
  const { prompt, forced, promptAs } = encodeFitting(() => encodeRow(model.prompts, row.content, form), place, command);
  const { end } = await runToEnd(
    engine.read({
      id: `scan-${row.line}`,
      prompt: prompt.ids,
      judged: prompt.judgedAll,
      policy: command.policy,
      promptAs,
      deadlineMs: Number.MAX_SAFE_INTEGER,
      forced,
    }),
  );
  if (end.reason !== "stop") {
    const message = `the row could not be read (${end.reason}; ${end.decision.rule ?? "no rule"})`;
    throw rowError(place, message, "scan it alone, or without the detector that broke");
  }
  return { id: row.id, scores: scoresOf(end) };
}

function scoresOf({ scores }: RunEnd): Record<string, object> {
  const named: Record<string, object> = {};
  for (const { detector, score, fired, position, tap } of scores) named[detector] = { score, fired, position, tap };
  return named;
}
