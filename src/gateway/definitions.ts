import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { changedFields, RELOADABLE } from "../config/changes.ts";
import type { Config } from "../config.ts";
import { detectorsOf } from "../decide/policy.ts";
import { policyProblems } from "../decide/policy-faults.ts";
import type { Canary } from "../detect/canary.ts";
import { canonicalJson } from "../detect/canonical-json.ts";
import type { Kind } from "../detect/kinds/kind.ts";
import { loadDetectors, type LoadedDetector } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import { ConfigError } from "../errors.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { listCanaries } from "./canaries.ts";

/** What the files of a configuration say, resolved on the model. */
export interface Definitions {
  readonly config: Config;
  readonly detectors: readonly LoadedDetector[];
  /** Texts whose answers are known. */
  readonly canaries: readonly Canary[];
  /** 16 hex digits of a sha256 over all of it. Where the files, ports and folders are does not count. */
  readonly hash: string;
  /** The same over what an engine's thread is born with. */
  readonly engineHash: string;
}

/** What detectors are resolved with; the same for as long as the gateway runs. */
export interface Resolving {
  readonly model: OpenModel;
  readonly kinds: ReadonlyMap<string, Kind>;
}

/** Loads the detectors of a configuration. Throws `ConfigError` with what is wrong with them, their cases, or the policies that run them. */
export function resolveDefinitions(config: Config, { model, kinds }: Resolving): Definitions {
  const resolving = { kinds, context: resolveContextOf(model), binding: bindingOf(model) };
  const detectors = loadDetectors({ folder: config.detectorsFolder, ...resolving });
  const problems = policyProblems(config.file, config.policies, detectors);
  if (problems.length > 0) throw new ConfigError(problems);
  return defineWith(config, detectors, listCanaries(config));
}

/** A configuration with its detectors and canaries, and their hashes. */
export function defineWith(
  config: Config,
  detectors: readonly LoadedDetector[],
  canaries: readonly Canary[] = [],
): Definitions {
  const used = new Set(Object.values(config.policies).flatMap(detectorsOf));
  const { retryAfterMs, detectorStuckMs } = config.timeouts;
  const born = detectors
    .filter(({ id }) => used.has(id))
    // Words for people.
    .map(({ description: _description, notes: _notes, familyDefault: _default, ...rest }) => rest);
  return {
    config,
    detectors,
    canaries,
    hash: digest({ config: describe(config), detectors, canaries }),
    engineHash: digest({ born, retryAfterMs, detectorStuckMs }),
  };
}

/** What differs, like `policies.demo`, `detectors/harm-intent` and `keys`. */
export function listChanges(before: Definitions, after: Definitions): string[] {
  const fields = changedFields(RELOADABLE, before.config, after.config);
  const byId = ({ detectors }: Definitions) => Object.fromEntries(detectors.map((each) => [each.id, each]));
  return [
    ...fields.filter((name) => name !== "policies" && name !== "canaries"),
    ...(isDeepStrictEqual(canariesOf(before), canariesOf(after)) ? [] : ["canaries"]),
    ...differing(before.config.policies, after.config.policies).map((name) => `policies.${name}`),
    ...differing(byId(before), byId(after)).map((id) => `detectors/${id}`),
  ];
}

/** Cases beside the definitions may give others under the same fields. */
function canariesOf({ config, canaries }: Definitions): object {
  return { fields: config.canaries, canaries };
}

function differing(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}

function describe(config: Config): object {
  const {
    file: _file,
    stateDir: _state,
    cacheDir: _cache,
    detectorsFolder: _detectors,
    kindModules: _kinds,
    keysFile: _keys,
    ...rest
  } = config;
  const { url, ...redis } = config.queue.redis;
  return {
    ...rest,
    model: config.model.name,
    api: { ...config.api, port: null },
    console: { ...config.console, port: null },
    queue: { ...config.queue, redis: { ...redis, host: new URL(url).host } },
  };
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
}
