import { Option, type Command } from "commander";
import { loadConfig } from "../config.ts";
import { openCommandEngine } from "./command-engine.ts";
import { checkDetectors } from "./evaluate.ts";
import { parseInteger, parseNumber, parseShare } from "./option-values.ts";
import { readOverseerRows } from "./overseer-rows.ts";
import { runOverseer } from "./overseer-run.ts";
import { overseerLines } from "./overseer-table.ts";

/** Flags of `lensgate bench overseer`, read. */
export interface OverseerFlags {
  readonly data: readonly string[];
  readonly detector?: readonly string[];
  readonly at: "flag" | "abort";
  readonly falseAlarms?: number;
  readonly hold?: number;
  readonly replyTokens: number;
  readonly question?: string;
  readonly judgeThreshold?: number;
  readonly limit: number;
  readonly seed: number;
  readonly rounds: number;
  readonly config: string;
  readonly json: boolean;
}

/** Adds `overseer` to a command: detectors beside the same model as a judge of finished text. */
export function registerOverseer(bench: Command): void {
  bench
    .command("overseer")
    .description("Compare detectors with the same model as a judge of finished replies: what is caught, leaked, paid.")
    .requiredOption("--data <files...>", "JSON lines with a label, as for training")
    .option("--detector <ids...>", "these detectors (default: all)")
    .addOption(new Option("--at <level>", "which threshold stops a reply").choices(["flag", "abort"]).default("abort"))
    .option("--false-alarms <rate>", "place both thresholds at this share of rows", parseShare("--false-alarms"))
    .option("--hold <tokens>", "steps that a token waits before it leaves", parseInteger("--hold", 0, 4096))
    .option("--reply-tokens <count>", "tokens that the model writes", parseInteger("--reply-tokens", 1, 4096), 32)
    .option("--question <text>", "what the judge is asked, with one --detector")
    .option("--judge-threshold <number>", "the judge's threshold, in nats", parseNumber("--judge-threshold"))
    .option("--limit <count>", "at most so many rows, in whole groups", parseInteger("--limit", 4, 1_000_000), 400)
    .option("--seed <number>", "seed of the rows and the sides", parseInteger("--seed", 0, 2 ** 31 - 1), 1)
    .option("--rounds <count>", "loads over which costs are measured", parseInteger("--rounds", 1, 1000), 8)
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .option("--json", "print JSON", false)
    .action(async (flags: OverseerFlags) => void process.stdout.write(`${await overseer(flags)}\n`));
}

/** Measures and returns what is to be printed. Throws, before the model is loaded, for flags and rows that do not fit. */
export async function overseer(flags: OverseerFlags): Promise<string> {
  const { config: file, detector: only, limit, seed } = flags;
  const names = only === undefined ? undefined : [...new Set(only)];
  if (flags.question !== undefined && names?.length !== 1) {
    throw new Error("--question asks one thing: name one detector with --detector");
  }
  const config = loadConfig({ path: file });
  checkDetectors(file, names ?? []);
  const data = await readOverseerRows(flags.data, { limit, seed });
  const command = await openCommandEngine({
    config: file,
    action: "observe",
    ...(names === undefined ? {} : { only: names }),
  });
  if (command.detectors.length === 0) {
    await command.engine.close();
    throw new Error(`there is no detector in ${config.detectorsFolder}: there is nothing to compare a judge with`);
  }
  const holdTokens = flags.hold ?? config.policies[config.defaultPolicy]?.holdTokens ?? 1;
  const report = await runOverseer(command, { ...flags, data, holdTokens });
  return flags.json ? JSON.stringify(report, null, 2) : overseerLines(report).join("\n");
}
