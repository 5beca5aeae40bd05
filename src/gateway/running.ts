import type { Config } from "../config.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import type { Kind } from "../detect/kinds/kind.ts";
import type { OpenEngineOptions } from "../engine/open-engine.ts";
import type { OpenModel } from "../lens/open-model.ts";
import type { Logger } from "../log.ts";
import type { LiveFeed } from "../review/live-feed.ts";
import type { Engines } from "./engines.ts";
import type { Assurance } from "./assurance.ts";
import type { Learning } from "./learning.ts";
import type { Records } from "./records.ts";
import type { Serving } from "./serving.ts";

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
    stuckMs: config.timeouts.detectorStuckMs,
    log,
  };
}

/** What a gateway has for as long as it runs, whatever its configuration comes to say. */
export interface Running {
  readonly log: Logger;
  readonly model: OpenModel;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly records: Records;
  readonly learning: Learning;
  readonly assurance: Assurance;
  /** Every request as it goes. */
  readonly live: LiveFeed;
  /** The configuration that serves, with its engine. */
  readonly serving: Serving;
  readonly engines: Engines;
  readonly state: { draining: boolean };
  /** Ends the console's streams. */
  readonly closing: AbortController;
}
