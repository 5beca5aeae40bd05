import type { Command } from "commander";
import { writeFileSync } from "node:fs";
import { loadConfig, type Config } from "../config.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import { ConfigError, GatewayError } from "../errors.ts";
import { formatProposal, formatStatistics } from "../review/learning-table.ts";
import { createStatistics, type StatisticsReader } from "../review/statistics.ts";
import { writeThreshold } from "../review/threshold-writer.ts";
import { exportVerdicts, importVerdicts } from "../review/verdict-rows.ts";
import { visibleJson } from "../visible-text.ts";
import type { AuditLog, DecisionStore, ScoreLog, TraceStore } from "../trace/stores.ts";
import type { ReviewQueue } from "../queue/queue.ts";
import { readFileRows } from "../training/row-content.ts";
import { openConfiguredModel } from "./command-model.ts";
import { parseInteger, parseShare } from "./option-values.ts";

/** What these commands work on. */
export interface LearningStores {
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  readonly scores: ScoreLog;
  readonly audit: AuditLog;
}

/** Flags of every `review` command. */
export interface LearningOptions {
  readonly config?: string;
  readonly json?: true;
}

interface WindowOptions extends LearningOptions {
  readonly days: number;
}

interface ProposeOptions extends WindowOptions {
  readonly rate: number;
  readonly write?: true;
  readonly reviewer?: string;
}

interface ExportFlags extends LearningOptions {
  readonly detector?: string;
  readonly output?: string;
  readonly all?: true;
}

interface ImportFlags extends LearningOptions {
  readonly reviewer?: string;
}

/** How a command is made and run: with the common flags, and with the stores open for as long as it works. */
export interface LearningParts {
  readonly subcommand: (name: string, description: string) => Command;
  readonly run: <Options extends LearningOptions>(
    command: Command,
    options: Options,
    work: (stores: LearningStores) => Promise<string>,
  ) => Promise<void>;
  readonly userName: () => string;
}

const DAY_MS = 86_400_000;

/** Adds `review stats`, `review propose`, `review export` and `review import`. */
export function registerLearning({ subcommand, run, userName }: LearningParts): void {
  const days = ["--days <count>", "how far back replies count", parseInteger("--days", 1, 366), 7] as const;
  subcommand("stats", "show precision and recall of each detector, agreement and throughput")
    .option(...days)
    .action((options: WindowOptions, command: Command) =>
      run(command, options, async (stores) => {
        const statistics = await statisticsOf(stores, options).read();
        return options.json ? visibleJson(statistics) : formatStatistics(statistics);
      }),
    );
  subcommand("propose [detector...]", "propose thresholds from scores and verdicts")
    .option("--rate <share>", "the share of replies without the concept that may flag", parseShare("--rate"), 0.001)
    .option(...days)
    .option("--write", "write the proposed thresholds into the definitions")
    .option("--reviewer <name>", "who writes (default: the user of this terminal)")
    .action((only: string[], options: ProposeOptions, command: Command) =>
      run(command, options, (stores) =>
        propose(stores, { ...options, only, reviewer: options.reviewer ?? userName() }),
      ),
    );
  subcommand("export", "print verdicts with their texts as rows that detectors train reads")
    .option("--detector <id>", "only verdicts about this detector")
    .option("--output <file>", "write to a file in place of the terminal")
    .option("--all", "also verdicts that are no label, and texts with both labels")
    .action((options: ExportFlags, command: Command) => run(command, options, (stores) => exportRows(stores, options)));
  subcommand("import <file>", "take in verdicts from such rows")
    .option("--reviewer <name>", "who decided, where a row does not say (default: the user of this terminal)")
    .action((file: string, options: ImportFlags, command: Command) =>
      run(command, options, async (stores) => {
        const parts = { ...stores, reviewer: options.reviewer ?? userName(), now: Date.now() };
        const count = await importVerdicts(parts, file, readFileRows(file, { purpose: "import", option: "<file>" }));
        if (options.json) return visibleJson(count);
        const { added, known, older, unknown } = count;
        return `${added} verdicts added, ${known} known already, ${older} older than one here, ${unknown} of traces that are not here`;
      }),
    );
}

function statisticsOf({ scores, decisions, queue }: LearningStores, { days }: WindowOptions): StatisticsReader {
  return createStatistics({ scores, decisions, queue, windowMs: days * DAY_MS });
}

interface Proposing extends ProposeOptions {
  readonly only: readonly string[];
  readonly reviewer: string;
}

async function propose(stores: LearningStores, options: Proposing): Promise<string> {
  const config = loadConfig({ path: options.config ?? "gateway.yaml" });
  const { currentOf } = await thresholdsOf(config);
  const { only, rate } = options;
  const unknown = only.find((detector) => currentOf(detector) === null);
  if (unknown !== undefined)
    throw new GatewayError("not_found", `There is no detector ${unknown} in this configuration.`);
  const statistics = statisticsOf(stores, options);
  const proposals = await statistics.propose({ rate, currentOf, ...(only.length === 0 ? {} : { only }) });
  const written: string[] = [];
  if (options.write === true) {
    const changes = proposals.flatMap(({ detector, current, proposed }) =>
      proposed === null || proposed === current ? [] : [{ detector, current, threshold: proposed }],
    );
    for (const change of changes) written.push(await write(stores, { config, statistics, options }, change));
  }
  if (options.json) return visibleJson({ proposals, written });
  const shown =
    proposals.length === 0 ? ["no reply was judged by these detectors in this time"] : proposals.map(formatProposal);
  return [...shown, ...written].join("\n");
}

/** The threshold for flags of every definition and combination. */
async function thresholdsOf({ detectorsFolder, kindModules, policies }: Config) {
  const { definitions, problems } = readDefinitions({ folder: detectorsFolder, kinds: await loadKinds(kindModules) });
  if (problems.length > 0) throw new ConfigError([...problems]);
  const known = new Map(definitions.map(({ definition }) => [definition.id, definition.threshold]));
  for (const { combine = {} } of Object.values(policies)) {
    for (const [name, { threshold }] of Object.entries(combine)) known.set(name, threshold);
  }
  return { currentOf: (detector: string): number | null => known.get(detector) ?? null };
}

interface Writing {
  readonly config: Config;
  readonly statistics: StatisticsReader;
  readonly options: Proposing;
}

async function write(
  { audit }: LearningStores,
  { config, statistics, options }: Writing,
  change: { readonly detector: string; readonly current: number; readonly threshold: number },
): Promise<string> {
  const { rate, reviewer } = options;
  const assessment = await statistics.assess({ ...change, rate });
  if (assessment === undefined) throw new GatewayError("not_found", `There are no scores of ${change.detector}.`);
  const model = await openConfiguredModel(config);
  const parts = {
    folder: config.detectorsFolder,
    kinds: await loadKinds(config.kindModules),
    context: resolveContextOf(model),
    binding: bindingOf(model),
  };
  const at = Date.now();
  const { detector, threshold } = change;
  const { file, before } = writeThreshold(parts, { detector, threshold, rate, reviewer, at }, assessment);
  const detail = { detector, threshold, before, rate };
  await audit.add({ at, actor: reviewer, event: "threshold", traceId: null, detail });
  return `written: ${file}, ${before} → ${threshold}; a running gateway takes it at its next start`;
}

async function exportRows(stores: LearningStores, { detector, output, all }: ExportFlags): Promise<string> {
  const { rows, missing, contradicted } = await exportVerdicts(stores, { detector, all });
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  if (output === undefined) return lines;
  writeFileSync(output, `${lines}\n`, { mode: 0o600, flush: true });
  return `${rows.length} rows written to ${output}; ${missing} traces are not here, ${contradicted} texts have the other label in a later verdict`;
}
