import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { findCanaryFaults, toCanaries, type CanaryConfig } from "./config/canaries.ts";
import { findCrossFaults } from "./config/cross-checks.ts";
import { applyEnvironment, type Environment } from "./config/environment.ts";
import { addKeysFile } from "./config/keys-file.ts";
import { freezeDeep } from "./config/frozen.ts";
import { resolvePolicies } from "./config/policies.ts";
import { toReview, type ReviewParts } from "./config/review-config.ts";
import { gatewaySchema, type GatewayFile } from "./config/schema.ts";
import type { Policy } from "./decide/policy.ts";
import { listDetectorFiles } from "./detector-files.ts";
import { ConfigError, formatProblem, type Problem } from "./errors.ts";
import { readYaml } from "./yaml-document.ts";

/** Where one listener stands and who may call it. Port 0 takes a free one. */
export interface ListenerConfig {
  readonly host: string;
  readonly port: number;
  /** Host names accepted besides the listener's own. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** One API key: its hash, never the key. */
export interface KeyConfig {
  readonly id: string;
  /** sha256 of the key's text, 64 hex digits. */
  readonly sha256: string;
  /** The default policy when absent. */
  readonly policy?: string;
  /** Whether its requests may name a stricter policy. */
  readonly mayTighten: boolean;
  /** Models it may use; all when absent. */
  readonly models?: readonly string[];
  /** Milliseconds since 1970 from which the key is refused. */
  readonly expiresAt?: number;
  readonly disabled: boolean;
  /** The default ones where it writes none. */
  readonly limits: KeyLimitsConfig;
}

/** What one key may use; absent: without limit. */
export interface KeyLimitsConfig {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrent?: number;
}

/** `gateway.yaml`, checked and frozen. Paths are absolute, times in milliseconds. */
export interface Config extends ReviewParts {
  readonly file: string;
  /** The model's folder and its name, which is the folder's own. */
  readonly model: { readonly name: string; readonly folder: string };
  readonly precision: "fast" | "exact";
  readonly engine: {
    readonly slots: number;
    readonly contextTokens: number;
    readonly prefillChunkTokens: number;
    readonly waitingLimit: number;
    /** The engine's own choice when absent. */
    readonly threads?: number;
  };
  readonly api: ListenerConfig;
  readonly console: ListenerConfig;
  readonly detectorsFolder: string;
  readonly kindModules: readonly string[];
  readonly defaultPolicy: string;
  readonly policies: Readonly<Record<string, Policy>>;
  readonly keys: readonly KeyConfig[];
  /** Where some of them are written. */
  readonly keysFile?: string;
  /** Of everyone together while there are no keys. */
  readonly defaultLimits: KeyLimitsConfig;
  readonly limits: {
    readonly bodyBytes: number;
    readonly depth: number;
    readonly maxTokens: number;
    readonly maxMessages: number;
    readonly maxStop: number;
    /** Characters of one stop string. */
    readonly stopLength: number;
  };
  readonly timeouts: {
    readonly totalMs: number;
    readonly headersAfterMs: number;
    readonly heartbeatMs: number;
    readonly retryAfterMs: number;
    readonly drainMs: number;
    /** How long a detector may hold the engine's thread up. */
    readonly detectorStuckMs: number;
  };
  /** How often files are looked at for changes; 0: never. */
  readonly reload: { readonly pollMs: number };
  readonly canaries: CanaryConfig;
  readonly stateDir?: string;
  readonly cacheDir?: string;
}

/**
 * Reads `gateway.yaml`, strictly and once; `LENSGATE_PORT` and `LENSGATE_CONSOLE_PORT` override the ports.
 * Throws `ConfigError` with every problem found.
 */
export function loadConfig(options: { readonly path: string; readonly environment?: Environment }): Config {
  const path = resolve(options.path);
  const document = readYaml(path, readText(path));
  const written = document.check(gatewaySchema);
  const keysFile = written.keys_file === undefined ? undefined : resolve(dirname(path), written.keys_file);
  const withKeys = addKeysFile(document, written, keysFile);
  const { file, problems } = applyEnvironment(withKeys.file, options.environment ?? process.env);
  const detectorsFolder = resolve(dirname(path), file.detectors);
  const listed = listIds(detectorsFolder);
  const { policies, faults } = resolvePolicies(file.policies, listed.ids);
  // Without the folder's listing every detector would look unknown.
  const policyFaults = listed.problems.length > 0 ? [] : [...faults, ...findCanaryFaults(file, policies, listed.ids)];
  const found = [...findCrossFaults(file), ...policyFaults].map(withKeys.problemAt);
  const all = [...problems, ...listed.problems, ...found];
  if (all.length > 0) throw new ConfigError(uniqueProblems(all));
  return freezeDeep({
    ...toConfig(path, file),
    detectorsFolder,
    policies,
    ...(keysFile === undefined ? {} : { keysFile }),
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      { file: path, message: `cannot be read: ${reason}`, cure: "name the configuration with --config" },
    ]);
  }
}

function listIds(folder: string): { ids: string[]; problems: readonly Problem[] } {
  try {
    return { ids: listDetectorFiles(folder).map(({ id }) => id), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { ids: [], problems: error.problems };
    throw error;
  }
}

/** A policy that is extended by several is judged several times. */
function uniqueProblems(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function toConfig(path: string, file: GatewayFile): Omit<Config, "detectorsFolder" | "policies"> {
  const { engine, limits, timeouts } = file;
  const inFolder = (name: string): string => resolve(dirname(path), name);
  const folder = inFolder(file.model);
  return {
    file: path,
    model: { name: basename(folder), folder },
    precision: file.precision,
    engine: {
      slots: engine.slots,
      contextTokens: engine.context_tokens,
      prefillChunkTokens: engine.prefill_chunk_tokens,
      waitingLimit: engine.waiting_limit,
      ...(engine.threads === undefined ? {} : { threads: engine.threads }),
    },
    api: toListener(file.api),
    console: toListener(file.console),
    kindModules: file.kinds.map(inFolder),
    defaultPolicy: file.default_policy,
    keys: file.keys.map((key) => toKey(key, file.default_limits)),
    defaultLimits: toKeyLimits(file.default_limits),
    limits: {
      bodyBytes: limits.body_bytes,
      depth: limits.depth,
      maxTokens: limits.max_tokens,
      maxMessages: limits.max_messages,
      maxStop: limits.max_stop,
      stopLength: limits.stop_length,
    },
    timeouts: {
      totalMs: timeouts.total_ms,
      headersAfterMs: timeouts.headers_after_ms,
      heartbeatMs: timeouts.heartbeat_ms,
      retryAfterMs: timeouts.retry_after_ms,
      drainMs: timeouts.drain_ms,
      detectorStuckMs: timeouts.detector_stuck_ms,
    },
    ...toReview(file),
    reload: { pollMs: file.reload.poll_ms },
    canaries: toCanaries(file),
    ...(file.state_dir === undefined ? {} : { stateDir: inFolder(file.state_dir) }),
    ...(file.cache_dir === undefined ? {} : { cacheDir: inFolder(file.cache_dir) }),
  };
}

function toListener(file: GatewayFile["api"]): ListenerConfig {
  const { host, port, allowed_hosts: allowedHosts, allowed_origins: allowedOrigins } = file;
  return { host, port, allowedHosts, allowedOrigins };
}

function toKey(key: GatewayFile["keys"][number], defaults: GatewayFile["default_limits"]): KeyConfig {
  return {
    id: key.id,
    sha256: key.sha256,
    ...(key.policy === undefined ? {} : { policy: key.policy }),
    mayTighten: key.may_tighten,
    ...(key.models === undefined ? {} : { models: key.models }),
    ...(key.expires === undefined ? {} : { expiresAt: Date.parse(key.expires) }),
    disabled: key.disabled,
    limits: toKeyLimits({ ...defaults, ...key.limits }),
  };
}

function toKeyLimits(file: GatewayFile["default_limits"]): KeyLimitsConfig {
  const { requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute, concurrent } = file;
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(concurrent === undefined ? {} : { concurrent }),
  };
}
