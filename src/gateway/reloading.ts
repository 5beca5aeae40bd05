import type { Config } from "../config.ts";
import { findRestartProblems } from "../config/changes.ts";
import { ConfigError, formatProblem } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import { recordEvent } from "../review/audit-events.ts";
import type { MakeGeneration } from "./apps.ts";
import { fingerprint, startConfigPoll, type ConfigPoll, type WatchedFiles } from "./config-poll.ts";
import { listChanges, resolveDefinitions } from "./definitions.ts";
import { namesOf } from "./listeners.ts";
import type { ReReading } from "./re-reading.ts";
import { createReloader, type Reloader, type ReloadOutcome } from "./reloader.ts";
import type { Running } from "./running.ts";
import type { TaxRun } from "./safety-tax.ts";
import { learnDetectors } from "./score-drift.ts";

export interface ReloadingParts {
  readonly running: Running;
  readonly metrics: Metrics;
  readonly makeGeneration: MakeGeneration;
  readonly tax: Pick<TaxRun, "measure">;
  readonly reReading: Pick<ReReading, "renew">;
  /** Reads `gateway.yaml` again. Throws `ConfigError`. */
  readonly load: () => Config;
  /** How the files looked before the configuration that serves was read. */
  readonly known: string;
}

/** An earlier engine is closed this much later than the last of its replies may end. */
const GRACE_MS = 10_000;

/** How the files of a configuration look. */
export function lookAtFiles(config: Config): Promise<string> {
  return fingerprint(watchedFiles(config));
}

/** Tells what serves, and takes on what changes in the files from here on, or when it is told to. */
export function startReloading(parts: ReloadingParts): Reloader {
  const { running, known } = parts;
  const { serving } = running;
  const { config, hash } = serving.current;
  parts.metrics.config.loaded({ hash, at: Date.now() });
  noteStart(parts);
  const poll = startConfigPoll({
    watched: () => watchedFiles(serving.current.config),
    pollMs: () => serving.current.config.reload.pollMs,
    onChange: () => void reloader.reload(),
    known,
  });
  const reloader = createReloader({
    async load() {
      await poll.settle();
      return reload(parts, poll);
    },
    tell: (outcome) => tell(parts, outcome),
    file: config.file,
  });
  return {
    reload: () => reloader.reload(),
    close() {
      poll.close();
      return reloader.close();
    },
  };
}

function watchedFiles({ file, keysFile, detectorsFolder }: Config): WatchedFiles {
  return { files: [file, ...(keysFile === undefined ? [] : [keysFile])], folder: detectorsFolder };
}

type Loaded = Extract<ReloadOutcome, { ok: true }>;

/** Everything that can fail comes before the swap. */
async function reload(parts: ReloadingParts, poll: ConfigPoll): Promise<Loaded> {
  const { running, metrics, makeGeneration, reReading } = parts;
  const { serving, engines, assurance, model, state } = running;
  const before = serving.current;
  const config = parts.load();
  const problems = findRestartProblems(before.config, config);
  if (problems.length > 0) throw new ConfigError(problems);
  const next = resolveDefinitions(config, running);
  const changed = listChanges(before, next);
  if (changed.length === 0) return { ok: true, hash: before.hash, engine: "kept", changed };
  const isKept = next.engineHash === before.seat.engineHash;
  const seat = isKept ? before.seat : await engines.replace(next);
  if (state.draining) throw new Error("the gateway is stopping");
  metrics.learn(namesOf(next, model.facts.name));
  serving.swap(makeGeneration(next, seat));
  learnDetectors(metrics.drift, next);
  if (!isKept || changed.includes("canaries")) assurance.canaries.renew();
  poll.restart();
  reReading.renew();
  if (!isKept) void retire(parts, before);
  return { ok: true, hash: next.hash, engine: isKept ? "kept" : "new", changed };
}

async function retire(
  { running, tax }: ReloadingParts,
  { seat, config }: Running["serving"]["current"],
): Promise<void> {
  const { engines, state, log } = running;
  try {
    await engines.retire(seat, config.timeouts.totalMs + GRACE_MS);
    // Only now: three copies of the weights at once are one too many.
    if (!state.draining) tax.measure();
  } catch (error) {
    log.error({ err: error }, "an earlier engine could not be closed");
  }
}

const HASH_SETTING = "config_hash";

/** What changed while the gateway was down is in the audit log, too. */
function noteStart(parts: ReloadingParts): void {
  const { serving, records } = parts.running;
  const { hash } = serving.current;
  const before = records.local.settings.get(HASH_SETTING);
  records.local.settings.set(HASH_SETTING, hash);
  if (before !== undefined && before !== hash) void note(parts, "config_loaded", { hash, before, changed: "a start" });
}

function note({ running }: ReloadingParts, event: string, detail: Record<string, string | number>): Promise<void> {
  const { audit } = running.records;
  return recordEvent({ audit, log: running.log }, { actor: "gateway", event, detail });
}

async function tell(parts: ReloadingParts, outcome: ReloadOutcome): Promise<void> {
  const { metrics, running } = parts;
  const { log, records } = running;
  if (!outcome.ok) {
    metrics.config.refused();
    const problems = outcome.problems.map(formatProblem);
    for (const problem of problems)
      log.error({ problem }, "the configuration could not be loaded; the one of before goes on");
    await note(parts, "config_refused", { problems: problems.length, first: (problems[0] ?? "").slice(0, 500) });
    return;
  }
  const { hash, engine, changed } = outcome;
  metrics.config.loaded({ hash, at: Date.now() });
  if (changed.length === 0) return log.debug({ hash }, "the configuration was read again and says the same");
  const before = records.local.settings.get(HASH_SETTING) ?? "";
  records.local.settings.set(HASH_SETTING, hash);
  log.info({ hash, before, engine, changed }, "the configuration was loaded again");
  await note(parts, "config_loaded", { hash, before, engine, changed: changed.join(", ").slice(0, 500) });
}
