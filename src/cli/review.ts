import { Option, type Command } from "commander";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { loadConfig, type Config } from "../config.ts";
import { ConfigError, GatewayError } from "../errors.ts";
import { createLogger } from "../log.ts";
import { createEmbeddedQueue } from "../queue/embedded.ts";
import { viewTrace } from "../review/evidence.ts";
import { check, SCHEMAS } from "../review/requests.ts";
import { formatItems, formatTrace } from "../review/terminal.ts";
import { createVerdicts } from "../review/verdicts.ts";
import { visibleJson, visibleText } from "../visible-text.ts";
import { registerReviewPassword } from "./review-password.ts";
import { createAuditLog } from "../trace/audit-log.ts";
import { openDatabase } from "../trace/database.ts";
import { createDecisionStore } from "../trace/decision-store.ts";
import { stateFolder } from "../trace/state-folder.ts";
import { VERDICTS } from "../trace/stores.ts";
import { createTraceStore } from "../trace/trace-store.ts";

interface CommonOptions {
  readonly stateDir?: string;
  readonly config?: string;
  readonly json?: true;
}

interface ListOptions extends CommonOptions {
  readonly state: string;
  readonly limit: string;
}

interface DecideOptions extends CommonOptions {
  readonly verdict: string;
  readonly note: string;
  readonly reviewer?: string;
  readonly supersede?: true;
}

/** Adds `review list`, `review show <trace-id>` and `review decide <trace-id>`, which work on the state database of this machine, gateway running or not. */
export function registerReview(program: Command): void {
  const review = program.command("review").description("look at flagged generations and decide about them");
  const subcommand = (name: string, description: string) =>
    review
      .command(name)
      .description(description)
      .option(
        "--state-dir <folder>",
        "folder with the state database (default: the configuration's, else LENSGATE_STATE_DIR, else the user's state folder)",
      )
      .option(
        "--config <file>",
        "configuration that names the state folder (default: gateway.yaml, where there is one)",
      )
      .option("--json", "print JSON");

  subcommand("list", "list review items, the most urgent first")
    .addOption(
      new Option("--state <state>", "which items").choices(["waiting", "claimed", "decided", "all"]).default("waiting"),
    )
    .option("--limit <count>", "at most this many", "50")
    .action((options: ListOptions, command: Command) => guard(command, () => list(options)));
  subcommand("show <trace-id>", "show a trace: conversation, reply, and why it was flagged").action(
    (traceId: string, options: CommonOptions, command: Command) => guard(command, () => show(traceId, options)),
  );
  subcommand("decide <trace-id>", "record a verdict")
    .addOption(new Option("--verdict <verdict>", "what it was").choices([...VERDICTS]).makeOptionMandatory())
    .option("--note <text>", "why", "")
    .option("--reviewer <name>", "who decides (default: the user of this terminal)")
    .option("--supersede", "replace the verdict of a decided item")
    .action((traceId: string, options: DecideOptions, command: Command) =>
      guard(command, () => decide(traceId, options)),
    );
  registerReviewPassword(review);
}

/** Prints what the action says; errors that are the caller's to mend are printed without a stack and end with status 1. */
async function guard(command: Command, action: () => Promise<string>): Promise<void> {
  try {
    const text = await action();
    command.configureOutput().writeOut?.(`${text}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof GatewayError)) throw error;
    command.error(`error: ${visibleText(error.message)}`, { exitCode: 1 });
  }
}

async function withStores<Result>(
  options: CommonOptions,
  work: (stores: ReturnType<typeof openStores>) => Promise<Result>,
): Promise<Result> {
  const stores = openStores(folderOf(options));
  try {
    return await work(stores);
  } finally {
    stores.database.close();
  }
}

/** The folder named on the command line, else the one of the configuration, where there is one. */
function folderOf(options: CommonOptions): string {
  return stateFolder(options.stateDir ?? configOf(options)?.stateDir);
}

function configOf({ config }: CommonOptions): Config | undefined {
  const file = config ?? "gateway.yaml";
  return config !== undefined || existsSync(file) ? loadConfig({ path: file }) : undefined;
}

function openStores(folder: string) {
  const database = openDatabase({ folder, mustExist: true });
  return {
    database,
    traces: createTraceStore(database),
    decisions: createDecisionStore(database),
    queue: createEmbeddedQueue({ database }),
    audit: createAuditLog(database),
  };
}

function list(options: ListOptions): Promise<string> {
  const { state, limit } = check(SCHEMAS.list, {
    limit: options.limit,
    ...(options.state === "all" ? {} : { state: options.state }),
  });
  return withStores(options, async ({ queue }) => {
    const items = await queue.list({ limit, ...(state === undefined ? {} : { state }) });
    return options.json ? visibleJson(items) : formatItems(items, Date.now());
  });
}

function show(given: string, options: CommonOptions): Promise<string> {
  const { traceId } = check(SCHEMAS.path, { traceId: given });
  return withStores(options, async ({ traces, queue, decisions }) => {
    const trace = await traces.get(traceId);
    if (trace === undefined) throw new GatewayError("not_found", `There is no trace ${traceId} in this state folder.`);
    const [item, verdicts] = await Promise.all([queue.get(traceId), decisions.list(traceId)]);
    const view = viewTrace(trace);
    return options.json
      ? visibleJson({ item: item ?? null, trace: view, decisions: verdicts })
      : formatTrace(view, item, verdicts);
  });
}

function decide(given: string, options: DecideOptions): Promise<string> {
  const { traceId } = check(SCHEMAS.path, { traceId: given });
  const { verdict, note } = check(SCHEMAS.decide, { verdict: options.verdict, note: options.note });
  const { reviewer } = check(SCHEMAS.actor, { reviewer: options.reviewer ?? userName() });
  // Without the configuration nothing is known of second opinions.
  const secondOpinion = options.stateDir === undefined ? (configOf(options)?.review.secondOpinion ?? 0) : 0;
  return withStores(options, async (stores) => {
    const verdicts = createVerdicts({ ...stores, log: createLogger(), secondOpinion });
    const supersede = options.supersede;
    // Whoever reaches the state folder may do everything, and `show` has shown them the scores.
    const given = { traceId, verdict, note, reviewer, supersede, role: "lead", sighted: true } as const;
    const { decision } = await verdicts.decide(given);
    return options.json ? visibleJson(decision) : `recorded: ${traceId} is ${decision.verdict}`;
  });
}

/** A container's user may have no name; then `--reviewer` is asked for. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
