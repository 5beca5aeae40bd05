import { Option, type Command } from "commander";
import { existsSync } from "node:fs";
import { loadConfig } from "../config.ts";
import { defaultReview } from "../config/review-config.ts";
import { GatewayError } from "../errors.ts";
import { openRecords, type Records, type RecordsConfig } from "../gateway/records.ts";
import { createLogger, type Logger } from "../log.ts";
import { viewTrace } from "../review/evidence.ts";
import { secondOpinionShare } from "../review/opinions.ts";
import { check, SCHEMAS } from "../review/requests.ts";
import { formatItems, formatTrace } from "../review/terminal.ts";
import { createVerdicts } from "../review/verdicts.ts";
import { visibleJson } from "../visible-text.ts";
import { registerReviewPassword } from "./review-password.ts";
import { stateFolder } from "../trace/state-folder.ts";
import { VERDICTS } from "../trace/stores.ts";
import { guard } from "./command-guard.ts";
import { registerLearning } from "./review-learning.ts";
import { userName } from "./user-name.ts";

/** Flags of every command that works on what is recorded. */
export interface CommonOptions {
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

/** Adds the flags of a command that works on the records: `CommonOptions`. */
export function addRecordOptions(command: Command): Command {
  return command
    .option(
      "--state-dir <folder>",
      "folder with the state database (default: the configuration's, else LENSGATE_STATE_DIR, else the user's state folder)",
    )
    .option("--config <file>", "configuration that names the state folder (default: gateway.yaml, where there is one)")
    .option("--json", "print JSON");
}

/** Adds `review list`, `review show <trace-id>` and `review decide <trace-id>`, which work on the state folder of this machine, gateway running or not, and on the queue that the configuration names. */
export function registerReview(program: Command): void {
  const review = program.command("review").description("look at flagged generations and decide about them");
  const subcommand = (name: string, description: string) =>
    addRecordOptions(review.command(name).description(description));

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
  registerLearning({
    subcommand,
    run: (command, options, work) => guard(command, () => withRecords(options, work)),
    userName,
  });
}

/** Opens what is recorded, for as long as the work takes. */
export async function withRecords<Result>(
  options: CommonOptions,
  work: (records: Records) => Promise<Result>,
): Promise<Result> {
  const records = openRecords({ config: configOf(options), log: quietLogger(), mustExist: true });
  try {
    await records.reached();
    return await work(records);
  } finally {
    await records.close();
  }
}

/** The configuration, where there is one; the folder named on the command line goes before its own. */
function configOf({ stateDir, config }: CommonOptions): RecordsConfig {
  const file = config ?? "gateway.yaml";
  const isKnown = config !== undefined || existsSync(file);
  const known: RecordsConfig = isKnown ? loadConfig({ path: file }) : defaultReview();
  return { ...known, stateDir: stateFolder(stateDir ?? known.stateDir) };
}

function list(options: ListOptions): Promise<string> {
  const { state, limit } = check(SCHEMAS.list, {
    limit: options.limit,
    ...(options.state === "all" ? {} : { state: options.state }),
  });
  return withRecords(options, async ({ queue }) => {
    const items = await queue.list({ limit, ...(state === undefined ? {} : { state }) });
    return options.json ? visibleJson(items) : formatItems(items, Date.now());
  });
}

function show(given: string, options: CommonOptions): Promise<string> {
  const { traceId } = check(SCHEMAS.path, { traceId: given });
  return withRecords(options, async ({ traces, queue, decisions }) => {
    const trace = await traces.get(traceId);
    if (trace === undefined) throw new GatewayError("not_found", `There is no trace ${traceId} in this state folder.`);
    const itemId = (await queue.itemOf(traceId)) ?? traceId;
    const [item, verdicts] = await Promise.all([queue.get(itemId), decisions.list(itemId)]);
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
  return withRecords(options, async ({ queue, decisions, audit, pump }) => {
    const secondOpinion = secondOpinionShare(configOf(options).review);
    const verdicts = createVerdicts({ queue, decisions, audit, log: quietLogger(), secondOpinion });
    const supersede = options.supersede;
    // Whoever reaches the state folder may do everything, and `show` has shown them the scores.
    const asked = { traceId, verdict, note, reviewer, supersede, role: "lead", sighted: true } as const;
    const { decision } = await verdicts.decide(asked);
    // What does not get there now is sent by the gateway of this state folder.
    await pump.flush();
    return options.json ? visibleJson(decision) : `recorded: ${traceId} is ${decision.verdict}`;
  });
}

/** What a gateway would tell of its connections is no news in a terminal. */
function quietLogger(): Logger {
  return createLogger(process.env["LENSGATE_LOG_LEVEL"] ?? "error");
}
