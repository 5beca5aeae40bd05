import type { Config } from "../config.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import type { OpenEngineOptions } from "../engine/open-engine.ts";
import type { WorkerEngine } from "../engine/worker-engine.ts";
import type { OpenModel } from "../lens/open-model.ts";
import type { Logger } from "../log.ts";
import type { LiveFeed } from "../review/live-feed.ts";
import type { Assurance } from "./assurance.ts";
import type { Learning } from "./learning.ts";
import type { Records } from "./records.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly config: Config;
  readonly log: Logger;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
}

/** How the live engine is opened, and whatever reads as it does. */
export function engineOptions({ config, log, model, detectors }: EngineParts): OpenEngineOptions {
  const { slots, prefillChunkTokens, waitingLimit, threads } = config.engine;
  return {
    model,
    detectors,
    kindModules: config.kindModules,
    policies: config.policies,
    slots,
    prefillChunkTokens,
    waitingLimit,
    ...(threads === undefined ? {} : { threads }),
    retryAfterMs: config.timeouts.retryAfterMs,
    log,
  };
}

/** Everything that serving needs. */
export interface Running extends EngineParts {
  readonly engine: WorkerEngine;
  readonly records: Records;
  readonly learning: Learning;
  readonly assurance: Assurance;
  /** Every request as it goes. */
  readonly live: LiveFeed;
  readonly state: { draining: boolean };
  /** Ends the console's streams. */
  readonly closing: AbortController;
}
