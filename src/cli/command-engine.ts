import { loadConfig, type Config } from "../config.ts";
import type { Action, Policy } from "../decide/policy.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { loadDetectors, type LoadedDetector } from "../detect/loader.ts";
import { bindingOf, openEngine, resolveContextOf } from "../engine/open-engine.ts";
import type { WorkerEngine } from "../engine/worker-engine.ts";
import { openModel, type OpenModel } from "../lens/open-model.ts";
import { createLogger } from "../log.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { createProgress } from "./progress.ts";

/** Name of the policy that a command's own engine has. */
export const COMMAND_POLICY = "command";

/** A model with its detectors, running without a gateway around it. */
export interface CommandEngine {
  readonly config: Config;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
  readonly engine: WorkerEngine;
}

export interface CommandEngineOptions {
  readonly config: string;
  /** What every detector does when it fires: `observe` scores, `flag` also gives evidence. */
  readonly action: Action;
  readonly precision?: "fast" | "exact";
  /** Only these detectors; all when absent. */
  readonly only?: readonly string[];
}

/** Starts an engine under one policy that runs all detectors at their own positions and never stops a run. */
export async function openCommandEngine(options: CommandEngineOptions): Promise<CommandEngine> {
  const config = loadConfig({ path: options.config });
  const model = await openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision: options.precision ?? config.precision,
    contextTokens: config.engine.contextTokens,
    onProgress: createProgress(`preparing ${config.model.name}`),
  });
  const kinds = await loadKinds(config.kindModules);
  const loaded = loadDetectors({
    folder: config.detectorsFolder,
    kinds,
    context: resolveContextOf(model),
    binding: bindingOf(model),
  });
  const unknown = options.only?.find((id) => !loaded.some((detector) => detector.id === id));
  if (unknown !== undefined) {
    throw new Error(`there is no detector "${unknown}" in ${config.detectorsFolder}; there are ${loaded.map(({ id }) => id).join(", ")}`);
  }
  const detectors = loaded.filter(({ id }) => options.only?.includes(id) ?? true);
  const policy: Policy = {
    name: COMMAND_POLICY,
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "all",
    detectors: Object.fromEntries(detectors.map(({ id }) => [id, { action: options.action, onError: "closed" }])),
  };
  const engine = openEngine({
    model,
    detectors,
    kindModules: config.kindModules,
    policies: { [COMMAND_POLICY]: policy },
    slots: 1,
    prefillChunkTokens: config.engine.prefillChunkTokens,
    waitingLimit: 16,
    ...(config.engine.threads === undefined ? {} : { threads: config.engine.threads }),
    retryAfterMs: 1000,
    log: createLogger("fatal"),
  });
  await engine.ready;
  return { config, model, detectors, engine };
}
