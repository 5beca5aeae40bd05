import { Option, type Command } from "commander";
import { loadConfig, type Config } from "../config.ts";
import { everyScoredName, OVERRIDE_MODES, type OverrideMode } from "../decide/policy.ts";
import { ConfigError, GatewayError } from "../errors.ts";
import { endOverrides, LONGEST_OVERRIDE_MS, setOverride, SHORTEST_OVERRIDE_MS } from "../review/overriding.ts";
import { createAuditLog } from "../trace/audit-log.ts";
import { openDatabase } from "../trace/database.ts";
import { createOverrideStore, type Override, type OverrideStore } from "../trace/override-store.ts";
import { stateFolder } from "../trace/state-folder.ts";
import type { AuditLog } from "../trace/stores.ts";
import { visibleJson, visibleText } from "../visible-text.ts";
import { guard } from "./command-guard.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { registerPolicyTest } from "./policy-test.ts";
import { userName } from "./user-name.ts";

interface StateOptions {
  readonly config: string;
  readonly stateDir?: string;
  readonly json: boolean;
}

interface TargetOptions extends StateOptions {
  readonly all: boolean;
  readonly reviewer?: string;
}

interface OverrideOptions extends TargetOptions {
  readonly mode: OverrideMode;
  readonly for: number;
  readonly reason: string;
}

const MINUTE_MS = 60_000;

/**
 * Adds `policy override`, `policy overrides`, `policy restore` and `policy test`. The first three work on the state folder of this machine, gateway
 * running or not; a running one follows within two seconds, and tells the others of its desk.
 */
export function registerPolicy(program: Command): void {
  const policy = program.command("policy").description("loosen a detector for a while, and ask what policies do");
  const subcommand = (name: string, description: string) =>
    policy
      .command(name)
      .description(description)
      .option("--config <file>", "configuration that names detectors and state folder", "gateway.yaml")
      .option("--state-dir <folder>", "folder with the state database (default: the configuration's)")
      .option("--json", "print JSON", false);
  const target = (name: string, description: string) =>
    subcommand(`${name} [detector]`, description)
      .option("--all", "everything instead of one detector", false)
      .option("--reviewer <name>", "who does it (default: the user of this terminal)");

  target("override", "loosen a detector or a combination until a time is over")
    .addOption(new Option("--mode <mode>", "how far").choices([...OVERRIDE_MODES]).default("monitor"))
    .requiredOption(
      "--for <time>",
      "how long, like 30m, 2h or 1d",
      parseDuration("--for", SHORTEST_OVERRIDE_MS, LONGEST_OVERRIDE_MS),
    )
    .requiredOption("--reason <text>", "why, for the audit log")
    .action((detector: string | undefined, options: OverrideOptions, command: Command) =>
      guard(command, () => override(detector, options)),
    );
  target("restore", "end overrides before their time").action(
    (detector: string | undefined, options: TargetOptions, command: Command) =>
      guard(command, () => restore(detector, options)),
  );
  subcommand("overrides", "list the overrides in force").action((options: StateOptions, command: Command) =>
    guard(command, () =>
      withStore(options, async ({ store }) => {
        const active = store.list().filter(({ until }) => until > Date.now());
        if (options.json) return visibleJson(active);
        return active.length === 0 ? "no override is in force" : active.map(formatOverride).join("\n");
      }),
    ),
  );
  registerPolicyTest(policy);
}

/** One line: what, how far, how long, who and why. */
function formatOverride({ detector, mode, until, actor, reason }: Override): string {
  const left = formatDuration(until - Date.now() + MINUTE_MS - 1);
  const what = detector ?? "everything";
  return visibleText(`${what} → ${mode}, until ${new Date(until).toISOString()} (${left} left), ${actor}: ${reason}`);
}

async function override(given: string | undefined, options: OverrideOptions): Promise<string> {
  const detector = targetOf(given, options);
  const { mode, reason, for: lastsMs, reviewer: actor = userName() } = options;
  return withStore(options, async ({ config, ...parts }) => {
    const names = config === undefined ? undefined : everyScoredName(config.policies);
    const made = await setOverride({ ...parts, names }, { detector, mode, lastsMs, reason, actor });
    return options.json ? visibleJson(made) : formatOverride(made);
  });
}

async function restore(given: string | undefined, options: TargetOptions): Promise<string> {
  const detector = targetOf(given, options);
  const { reviewer = userName() } = options;
  return withStore(options, async (parts) => {
    const ended = await endOverrides(parts, { isMeant: (each) => each.detector === detector, reviewer });
    if (options.json) return visibleJson(ended);
    const what = detector ?? "everything";
    return ended.length === 0 ? `there is no override of ${what}` : `${what} follows its policies again`;
  });
}

function targetOf(detector: string | undefined, { all }: TargetOptions): string | null {
  if (all === (detector === undefined)) return detector ?? null;
  throw new GatewayError("invalid_request", "Name one detector, or --all.");
}

interface OpenState {
  readonly store: OverrideStore;
  readonly audit: AuditLog;
  /** Absent where it does not load; the state folder was named then. */
  readonly config: Config | undefined;
}

/** Needs neither Redis nor the key of traces. A configuration that does not load is in nobody's way where the state folder is named. */
async function withStore(options: StateOptions, work: (state: OpenState) => Promise<string>): Promise<string> {
  const config = readConfig(options);
  const database = openDatabase({ folder: stateFolder(options.stateDir ?? config?.stateDir), mustExist: true });
  try {
    return await work({ store: createOverrideStore(database), audit: createAuditLog(database), config });
  } finally {
    database.close();
  }
}

function readConfig({ config: path, stateDir }: StateOptions): Config | undefined {
  try {
    return loadConfig({ path });
  } catch (error) {
    if (stateDir === undefined || !(error instanceof ConfigError)) throw error;
    process.stderr.write(`warning: ${path} does not load, so that names are not checked\n`);
    return undefined;
  }
}
