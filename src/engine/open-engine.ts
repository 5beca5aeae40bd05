import { detectorsOf, type Policy } from "../decide/policy.ts";
import type { LiveBinding } from "../detect/calibration.ts";
import type { ModelContext } from "../detect/kinds/kind.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { lensMapsOf, type OpenModel } from "../lens/open-model.ts";
import { LENSES } from "../lens/reading.ts";
import type { Logger } from "../log.ts";
import type { WorkerSettings } from "./messages.ts";
import { startWorkerEngine, type WorkerEngine } from "./worker-engine.ts";

/** What detectors may ask of the model while they resolve. */
export function resolveContextOf(model: OpenModel): ModelContext {
  const { tokenOf, encode, textOf } = model.tokenizer;
  const { layers, hidden, sha256: modelSha256, precision } = model.facts;
  // A lens is there when what it needs is: the averages for centred, a fitted file for tuned.
  const lenses = LENSES.filter((lens) => lens === "logit" || model.lensHashes[lens] !== null);
  return { layers, hidden, modelSha256, precision, lenses, tokenOf, encode, textOf };
}

/** What thresholds depend on, as it is loaded. */
export function bindingOf(model: OpenModel): LiveBinding {
  return {
    modelSha256: model.facts.sha256,
    precision: model.facts.precision,
    formatVersion: model.facts.formatVersion,
    chatTemplateSha256: model.chatTemplateSha256,
    backgroundSha256: model.background.sha256,
    lensSha256: model.lensHashes,
  };
}

export interface OpenEngineOptions {
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
  readonly kindModules: readonly string[];
  /** Which detectors the thread loads: those that one of these runs. */
  readonly policies: Readonly<Record<string, Policy>>;
  readonly slots: number;
  readonly prefillChunkTokens: number;
  readonly waitingLimit: number;
  readonly threads?: number;
  readonly retryAfterMs: number;
  /** How long a detector may hold the thread up (10 s). */
  readonly stuckMs?: number;
  readonly log: Logger;
}

/** What an engine's thread is born with, or another process that reads as it does. */
export function workerSettingsOf(
  options: Omit<OpenEngineOptions, "waitingLimit" | "retryAfterMs" | "log">,
): WorkerSettings {
  const { model, detectors, policies } = options;
  // Only what some policy runs is read: a detector that none names costs nothing.
  const used = new Set(Object.values(policies).flatMap(detectorsOf));
  const loaded = detectors.filter(({ id }) => used.has(id));
  return {
    prepared: model.prepared.folder,
    detectors: loaded,
    kindModules: options.kindModules,
    background: { tokens: model.background.tokens, taps: model.background.taps },
    lenses: lensMapsOf(
      model,
      loaded.flatMap(({ reads }) => reads),
    ),
    slots: options.slots,
    contextTokens: model.facts.contextTokens,
    prefillChunkTokens: options.prefillChunkTokens,
    threads: options.threads ?? null,
  };
}

/** Starts the engine's thread on an opened model with resolved detectors. Await its `ready`. */
export function openEngine(options: OpenEngineOptions): WorkerEngine {
  return startWorkerEngine({
    model: options.model.facts,
    settings: workerSettingsOf(options),
    waitingLimit: options.waitingLimit,
    retryAfterMs: options.retryAfterMs,
    ...(options.stuckMs === undefined ? {} : { stuckMs: options.stuckMs }),
    log: options.log,
  });
}
