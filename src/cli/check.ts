import type { Command } from "commander";
import { loadConfig, type Config } from "../config.ts";
import type { Environment } from "../config/environment.ts";
import { policyProblems } from "../decide/policy-faults.ts";
import type { Policy } from "../decide/policy.ts";
import type { LiveBinding } from "../detect/calibration.ts";
import type { Kind, ModelContext } from "../detect/kinds/kind.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions, resolveDetectors, type LoadedDetector } from "../detect/loader.ts";
import { ConfigError, formatProblem, type Problem } from "../errors.ts";
import { describeCanaries } from "../gateway/canaries.ts";
import { isProbeRead, tapsOfRead } from "../lens/reading.ts";
import { formatTap } from "../lens/tap.ts";
import { formatThresholds } from "./threshold-text.ts";

/** What `check` needs of a model: its words, what thresholds depend on, and lines to print about it. */
export interface OpenedModel {
  readonly context: ModelContext;
  readonly binding: LiveBinding;
  readonly lines: readonly string[];
  /** Looks at detectors on the running model: lines to print, and problems. Absent: nothing is run. */
  readonly inspect?: (
    detectors: readonly LoadedDetector[],
  ) => Promise<{ lines: readonly string[]; problems: readonly Problem[] }>;
}

/** What the command reaches outside for. */
export interface CheckOptions {
  /** Opens the model that the configuration names, without weights; throws `ConfigError` for one that does not load. */
  readonly openModel: (config: Config) => Promise<OpenedModel>;
  /** Prints one line; standard output by default. */
  readonly print?: (line: string) => void;
  readonly environment?: Environment;
  readonly setExitCode?: (code: number) => void;
}

/** Everything that `lensgate check` found. */
export interface CheckReport {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly config?: Config;
  readonly detectors: readonly LoadedDetector[];
  /** Lines about the model, and what is run on it. */
  readonly model: readonly string[];
}

/** Adds `lensgate check`: prints every problem and exits 1, or a summary and exits 0. */
export function registerCheck(program: Command, options: CheckOptions): void {
  const { print = (line) => process.stdout.write(`${line}\n`) } = options;
  const { setExitCode = (code: number) => void (process.exitCode = code) } = options;
  program
    .command("check")
    .description("Check gateway.yaml, the detectors and the model without serving.")
    .option("--config <file>", "configuration to check", "gateway.yaml")
    .option("--json", "print one JSON object instead of lines", false)
    .action(async (flags: { config: string; json: boolean }) => {
      const report = await check(flags.config, options);
      const lines = flags.json ? [JSON.stringify(toJson(report), null, 2)] : formatReport(report);
      lines.forEach((line) => print(line));
      setExitCode(report.ok ? 0 : 1);
    });
}

/** Loads everything that `serve` would load, as far as problems allow, and keeps every problem. */
export async function check(path: string, options: CheckOptions): Promise<CheckReport> {
  const problems: Problem[] = [];
  const config = await collect(problems, () =>
    loadConfig({ path, ...(options.environment ? { environment: options.environment } : {}) }),
  );
  const kinds = config && (await collect(problems, () => loadKinds(config.kindModules)));
  const model = config && (await collect(problems, () => openModel(config, options)));
  const detectors = config && kinds ? await collect(problems, () => loadAll({ config, kinds, model })) : undefined;
  if (config && model && detectors) problems.push(...policyProblems(config.file, config.policies, detectors));
  const canaries = config && (await collect(problems, () => describeCanaries(config)));
  const inspected = detectors && (await model?.inspect?.(detectors));
  problems.push(...(inspected?.problems ?? []));
  return {
    ok: problems.length === 0,
    problems,
    ...(config ? { config } : {}),
    detectors: detectors ?? [],
    model: [...(model?.lines ?? []), ...(inspected?.lines ?? []), ...(canaries ?? [])],
  };
}

/** Whatever is wrong with a model is a line of the report, not a stack trace. */
async function openModel(config: Config, options: CheckOptions): Promise<OpenedModel> {
  try {
    return await options.openModel(config);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const cure = "name a folder under models/ that holds a model and its model.yaml";
    throw new ConfigError([{ file: config.file, field: "model", message, cure }]);
  }
}

function loadAll(parts: {
  config: Config;
  kinds: ReadonlyMap<string, Kind>;
  model: OpenedModel | undefined;
}): LoadedDetector[] {
  const { config, kinds, model } = parts;
  const read = readDefinitions({ folder: config.detectorsFolder, kinds });
  if (model) return resolveDetectors(read, { kinds, ...model });
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return [];
}

async function collect<Value>(problems: Problem[], work: () => Value | Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function formatReport({ ok, problems, config, detectors, model }: CheckReport): string[] {
  if (!ok || !config) {
    return [...problems.map(formatProblem), `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`];
  }
  const policies = Object.values(config.policies).map((policy) => {
    const rules = [
      ...Object.entries(policy.detectors).map(formatRule),
      ...Object.entries(policy.combine ?? {}).map(formatCombination),
    ];
    const isDefault = policy.name === config.defaultPolicy ? " (default)" : "";
    return `policy ${policy.name}${isDefault}: ${policy.mode}, hold ${policy.holdTokens}; ${rules.join("; ") || "no detectors"}`;
  });
  return [`${config.file}: no problems`, ...model, ...policies, ...detectors.flatMap(formatDetector)];
}

function formatRule([id, rule]: [string, Policy["detectors"][string]]): string {
  const positions = rule.positions === undefined ? "" : ` (${rule.positions})`;
  const warm = rule.warmAt === undefined ? "" : ` from ${rule.warmAt}`;
  const confirmed = rule.confirmWith === undefined ? "" : `, confirmed by ${rule.confirmWith}${warm}`;
  return `${id} ${rule.action}${positions}${confirmed}, on error ${rule.onError}`;
}

function formatCombination([name, combination]: [string, NonNullable<Policy["combine"]>[string]]): string {
  const { rule, of, action, positions, threshold } = combination;
  return `${name} ${action}${positions === undefined ? "" : ` (${positions})`}, ${rule} of ${of.join(", ")} from ${threshold}`;
}

function formatDetector(detector: LoadedDetector): string[] {
  const state = detector.calibrated ? "calibrated" : "uncalibrated";
  const head = `detector ${detector.id}: ${detector.kind}, ${countTokens(detector)} tokens, ${formatThresholds(detector)}, ${state}, ${detector.hash}`;
  return [head, ...detector.notes.map((note) => `  ${note}`)];
}

function countTokens(detector: LoadedDetector): number {
  return new Set(detector.reads.flatMap((read) => (isProbeRead(read) ? [] : read.tokens))).size;
}

function toJson({ ok, problems, config, detectors, model }: CheckReport): object {
  return {
    ok,
    problems,
    model,
    defaultPolicy: config?.defaultPolicy ?? null,
    policies: config?.policies ?? {},
    detectors: detectors.map((detector) => ({
      id: detector.id,
      hash: detector.hash,
      kind: detector.kind,
      tokens: countTokens(detector),
      taps: [...new Set(detector.reads.flatMap(tapsOfRead).map(formatTap))],
      threshold: detector.threshold,
      abortThreshold: detector.abortThreshold,
      calibrated: detector.calibrated,
      notes: detector.notes,
    })),
  };
}
