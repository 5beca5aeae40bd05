import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { openDetectors } from "./command-engine.ts";
import { openConfiguredModel } from "./command-model.ts";
import { parseInteger } from "./option-values.ts";
import { DECODED_TOKENS, measureOverhead, type OverheadRow } from "./overhead.ts";
import { registerOverseer } from "./overseer.ts";
import { createProgress } from "./progress.ts";
import { formatEstimate } from "./statistics.ts";

/** What `lensgate bench` is told. */
export interface BenchFlags {
  readonly config: string;
  readonly rounds: number;
  readonly context: number;
  readonly json: boolean;
}

/** Adds `lensgate bench`, what the configured detectors cost, measured here, and `bench overseer`. */
export function registerBench(program: Command): void {
  const command = program
    .command("bench")
    // What stands after a command's name belongs to that command, though both have a --config.
    .enablePositionalOptions()
    .description(
      "Measure what detectors cost on this machine: decode and prefill without, with the configured ones, with fifty.",
    )
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .option("--rounds <count>", "interleaved rounds", parseInteger("--rounds", 1, 10_000), 40)
    .option(
      "--context <tokens>",
      "tokens that are prefilled in each round",
      parseInteger("--context", 1, 1_000_000),
      200,
    )
    .option("--json", "print JSON", false)
    .action(async (flags: BenchFlags) => void process.stdout.write(`${await bench(flags)}\n`));
  registerOverseer(command);
}

/** Measures and returns what is to be printed. */
export async function bench({ config: file, rounds, context, json }: BenchFlags): Promise<string> {
  const config = loadConfig({ path: file });
  const room = config.engine.contextTokens - DECODED_TOKENS;
  if (context > room) throw new Error(`--context ${context} does not fit engine.context_tokens; give at most ${room}`);
  const model = await openConfiguredModel(config);
  const detectors = await openDetectors({ config, model });
  const onRound = createProgress("measuring");
  const rows = await measureOverhead({ config, model, detectors, rounds, contextTokens: context, onRound });
  const { name, precision } = model.facts;
  if (json) return JSON.stringify({ model: name, precision, rounds, context, rows }, null, 2);
  const head = `${name}, ${precision} precision; ${rounds} interleaved rounds, context ${context}; medians with 95 % intervals over loads`;
  return [head, "", ...formatRows(rows)].join("\n");
}

const COLUMNS = ["decode ms/token", "ratio", "prefill ms/token", "ratio"];

/** The table: a line a setting. */
export function formatRows(rows: readonly OverheadRow[]): string[] {
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(20), ...cells.map((cell) => cell.padEnd(22))].join(" ").trimEnd();
  return [
    line("", COLUMNS),
    ...rows.map(({ name, decodeMs, decodeRatio, prefillMs, prefillRatio }) =>
      line(name, [
        formatEstimate(decodeMs, 2),
        formatEstimate(decodeRatio, 3),
        formatEstimate(prefillMs, 2),
        formatEstimate(prefillRatio, 3),
      ]),
    ),
  ];
}
