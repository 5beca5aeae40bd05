import { loadConfig, type Config } from "../config.ts";
import type { Action, Policy } from "../decide/policy.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions, resolveDetectors, type LoadedDetector } from "../detect/loader.ts";
import { bindingOf, openEngine, resolveContextOf } from "../engine/open-engine.ts";
import type { WorkerEngine } from "../engine/worker-engine.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { createLogger } from "../log.ts";
import { openConfiguredModel } from "./command-model.ts";

/** A model with its detectors, running without a gateway around it. */
export interface CommandEngine {
  readonly config: Config;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
  readonly engine: WorkerEngine;
  /** Runs all detectors at their own positions and never stops a run. */
  readonly policy: Policy;
}

export interface CommandEngineOptions {
  readonly config: string;
  /** What every detector does when it fires: `observe` scores, `flag` also gives evidence. */
  readonly action: Action;
  readonly precision?: "fast" | "exact";
  /** Only these detectors; all when absent. */
  readonly only?: readonly string[];
  /** What calibrations were bound to does not matter: they are about to be replaced. */
  readonly unbound?: boolean;
}

/** Starts an engine with all detectors, and makes the policy that they run under. */
export async function openCommandEngine(options: CommandEngineOptions): Promise<CommandEngine> {
  const config = loadConfig({ path: options.config });
  const model = await openConfiguredModel(config, options.precision);
  const detectors = await openDetectors({ config, model, only: options.only, unbound: options.unbound });
  const policy: Policy = {
    name: "command",
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "all",
    detectors: Object.fromEntries(detectors.map(({ id }) => [id, { action: options.action, onError: "closed" }])),
  };
  const engine = await startCommandEngine({ config, model, detectors, policies: { [policy.name]: policy } });
  return { config, model, detectors, engine, policy };
}

/** Starts an engine of one slot on a model that is open already. Throws where it does not start. */
export async function startCommandEngine(options: {
  readonly config: Config;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
  readonly policies: Readonly<Record<string, Policy>>;
}): Promise<WorkerEngine> {
  const { config, model, detectors, policies } = options;
  const engine = openEngine({
    model,
    detectors,
    kindModules: config.kindModules,
    policies,
    slots: 1,
    prefillChunkTokens: config.engine.prefillChunkTokens,
    waitingLimit: 16,
    ...(config.engine.threads === undefined ? {} : { threads: config.engine.threads }),
    retryAfterMs: 1000,
    log: createLogger("fatal"),
  });
  try {
    await engine.ready;
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

/** Loads the configured detectors on the model, or only those named; throws an `Error` for a name that is not there. */
export async function openDetectors(options: {
  readonly config: Config;
  readonly model: OpenModel;
  readonly only?: readonly string[] | undefined;
  readonly unbound?: boolean | undefined;
}): Promise<LoadedDetector[]> {
  const { config, model, only, unbound = false } = options;
  const kinds = await loadKinds(config.kindModules);
  const read = readDefinitions({ folder: config.detectorsFolder, kinds });
  const loaded = resolveDetectors(read, {
    kinds,
    context: resolveContextOf(model),
    binding: unbound ? null : bindingOf(model),
  });
  const unknown = only?.find((id) => !loaded.some((detector) => detector.id === id));
  if (unknown !== undefined) {
    const known = loaded.map(({ id }) => id).join(", ") || "none";
    throw new Error(`there is no detector "${unknown}" in ${config.detectorsFolder}; there are ${known}`);
  }
  return loaded.filter(({ id }) => only?.includes(id) ?? true);
}
