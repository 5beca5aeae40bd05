import { Option, type Command } from "commander";
import { loadConfig, type Config } from "../config.ts";
import { loosenPolicy, type Loosening } from "../decide/override.ts";
import { scoredNames, type ActionTaken, type Policy } from "../decide/policy.ts";
import { tryFinding, type Trial, type TrialFacts, type TrialQuestion } from "../decide/trial.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions } from "../detect/loader.ts";
import { ConfigError, GatewayError } from "../errors.ts";
import { suggestWord } from "../suggestion.ts";
import { openDatabase } from "../trace/database.ts";
import { createOverrideStore } from "../trace/override-store.ts";
import { stateFolder } from "../trace/state-folder.ts";
import { visibleJson } from "../visible-text.ts";
import { guard } from "./command-guard.ts";
import { parseNumber } from "./option-values.ts";
import { formatThresholds } from "./threshold-text.ts";

interface TestOptions {
  readonly config: string;
  readonly stateDir?: string;
  readonly json: boolean;
  readonly score?: number;
  readonly error: boolean;
  readonly policy?: string;
  readonly phase: "prompt" | "generation";
}

/** Adds `policy test`, which asks the gateway's own decision. Needs no model. */
export function registerPolicyTest(policy: Command): void {
  policy
    .command("test <detector>")
    .description("say what the policies would do about a finding, overrides in force included")
    .option("--config <file>", "configuration that names detectors and state folder", "gateway.yaml")
    .option("--state-dir <folder>", "folder with the state database (default: the configuration's)")
    .option("--json", "print JSON", false)
    .option("--score <number>", "the aggregated score that the detector gives", parseNumber("--score"))
    .option("--error", "the detector breaks instead", false)
    .option("--policy <name>", "only this policy")
    .addOption(new Option("--phase <phase>", "where").choices(["prompt", "generation"]).default("generation"))
    .action((detector: string, options: TestOptions, command: Command) =>
      guard(command, () => test(detector, options)),
    );
}

async function test(name: string, options: TestOptions): Promise<string> {
  const { score, error: isError, phase } = options;
  if (isError === (score !== undefined)) throw new GatewayError("invalid_request", "Say --score or --error.");
  const config = loadConfig({ path: options.config });
  const facts = await readFacts(config, name);
  const policies = choosePolicies(config, { name, only: options.policy, isDetector: facts !== undefined });
  const overrides = readOverrides(options, config);
  const question: TrialQuestion = { name, said: score ?? "error", phase };
  const trials = policies.map((policy) => {
    const loose = loosenPolicy(policy, overrides);
    return { policy: loose, trial: tryFinding(loose, question, facts) };
  });
  if (options.json) return visibleJson(trials.map(({ trial }) => trial));
  const thresholds = facts === undefined ? "a combination" : formatThresholds(facts);
  const head = `${name} (${thresholds}) ${isError ? "breaks" : `gives ${score}`} in the ${phase}`;
  const width = Math.max(...policies.map(({ name: policy }) => policy.length));
  return [head, ...trials.flatMap(({ policy, trial }) => formatTrial(policy, trial, { width, phase }))].join("\n");
}

/** Thresholds and positions as the definition has them; undefined for what is no detector. */
async function readFacts({ detectorsFolder, kindModules }: Config, name: string): Promise<TrialFacts | undefined> {
  const kinds = await loadKinds(kindModules);
  const { definitions, problems } = readDefinitions({ folder: detectorsFolder, kinds, only: name });
  if (problems.length > 0) throw new ConfigError(problems);
  return definitions[0]?.definition;
}

interface Wanted {
  readonly name: string;
  readonly only: string | undefined;
  readonly isDetector: boolean;
}

function choosePolicies({ policies }: Config, { name, only, isDetector }: Wanted): Policy[] {
  if (only !== undefined && !Object.hasOwn(policies, only)) throw notThere("policy", only, Object.keys(policies));
  const all = Object.values(policies).filter((policy) => only === undefined || policy.name === only);
  const names = [...new Set(Object.values(policies).flatMap(scoredNames))];
  if (!isDetector && !names.includes(name)) throw notThere("detector or combination", name, names);
  return all;
}

function notThere(what: string, name: string, known: readonly string[]): GatewayError {
  return new GatewayError("invalid_request", `There is no ${what} "${name}" (cure: ${suggestWord(name, known)})`);
}

/** None where no gateway ever ran. */
function readOverrides({ stateDir }: TestOptions, config: Config): Loosening[] {
  const folder = stateFolder(stateDir ?? config.stateDir);
  try {
    const database = openDatabase({ folder, mustExist: true });
    try {
      const now = Date.now();
      return createOverrideStore(database)
        .list()
        .filter(({ until }) => until > now);
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof ConfigError && stateDir === undefined) return [];
    throw error;
  }
}

const FINDINGS: Readonly<Record<Trial["finding"], string>> = {
  no_rule: "does not run it",
  not_judged: "does not judge it there",
  clear: "clear: goes on",
  flag: "fires",
  abort: "fires",
  error: "breaks",
};

interface Layout {
  readonly width: number;
  readonly phase: TestOptions["phase"];
}

function formatTrial(policy: Policy, trial: Trial, { width, phase }: Layout): string[] {
  const { finding, decision, action } = trial;
  const head = policy.name.padEnd(width);
  const isQuiet = ["no_rule", "not_judged", "clear"].includes(finding);
  const what = isQuiet
    ? FINDINGS[finding]
    : `${FINDINGS[finding]}: ${action ?? decision.action}${decision.rule === undefined ? "" : ` (${decision.rule})`}, ${consequence(policy, action, phase)}`;
  return [`${head}  ${what}`, ...trial.notes.map((note) => `${" ".repeat(width)}  ${note}`)];
}

function consequence({ onAbort }: Policy, action: ActionTaken | undefined, phase: TestOptions["phase"]): string {
  switch (action) {
    case "observe":
    case "unconfirmed":
      return "counted, and nothing else";
    case "flag":
      return "the reply goes on, and is recorded and queued for review";
    case "would_abort":
      return "the reply goes on, and is recorded and queued for review as one that would have been stopped";
    case "abort":
      if (phase === "prompt") return "refused with 400 content_filter, recorded and queued for review";
      return `stopped before the token leaves (${onAbort === "error" ? "error" : "finish_reason"} content_filter), recorded and queued for review`;
    case "bypassed":
      return "passes unjudged, counted in oversight_fail_open_total";
    case undefined:
      return "the request ends with 503 oversight_unavailable";
  }
}
