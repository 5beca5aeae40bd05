import type { Config } from "./config.ts";
import { policyProblems } from "./decide/policy-faults.ts";
import { loadKinds } from "./detect/kinds/registry.ts";
import { loadDetectors, type LoadedDetector } from "./detect/loader.ts";
import { bindingOf, openEngine, resolveContextOf, workerSettingsOf } from "./engine/open-engine.ts";
import type { WorkerEngine } from "./engine/worker-engine.ts";
import { ConfigError } from "./errors.ts";
import { startAssurance, type Assurance } from "./gateway/assurance.ts";
import { createLearning, createSampling } from "./gateway/learning.ts";
import { openListeners, openMetrics } from "./gateway/listeners.ts";
import { startReReading } from "./gateway/re-reading.ts";
import { openRecords } from "./gateway/records.ts";
import { engineOptions, type Running } from "./gateway/running.ts";
import { startDrift } from "./gateway/score-drift.ts";
import { startTax } from "./gateway/safety-tax.ts";
import type { Listener } from "./http/listener.ts";
import { openModel, type OpenModel } from "./lens/open-model.ts";
import type { Logger } from "./log.ts";
import { cacheFolder } from "./model/cache-folder.ts";
import { createLiveFeed } from "./review/live-feed.ts";

/** How often writes that failed are tried again. */
const RETRY_MS = 5_000;

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Bytes of the model file converted so far and in all, at first use. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Measure what reading the taps costs, in a process of its own, once the gateway is idle. */
  readonly measureTax?: boolean;
}

/** A gateway that serves. */
export interface Gateway {
  readonly api: Listener;
  readonly console: Listener;
  readonly engine: WorkerEngine;
  readonly model: OpenModel;
  /** Takes no new work, lets live replies finish within the grace period, records what is left, and lets go of everything. */
  stop(): Promise<void>;
}

/** Opens model, detectors and records, starts the engine and both listeners. Resolves when the first request can be served. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const { model, detectors } = await openDetection(options);
  const kinds = await loadKinds(config.kindModules);
  const sampling = createSampling({ config, detectors });
  const records = openRecords({ config, log, sampler: sampling });
  const state = { draining: false };
  let engine: WorkerEngine | undefined;
  let assurance: Assurance | undefined;
  try {
    await sampling.remember(records.local.scores);
    const recovered = await records.recorder.recover();
    records.start();
    if (recovered.enqueued > 0) log.warn(recovered, "an earlier process left flagged runs behind; they are queued now");
    engine = openEngine(engineOptions({ config, log, model, detectors }));
    await engine.ready;
    const learning = createLearning({ config, model, detectors, kinds, records });
    const live = createLiveFeed();
    const closing = new AbortController();
    assurance = startAssurance({ config, log, model, engine, records });
    const running = { config, log, model, detectors, engine, records, learning, assurance, live, state, closing };
    const metrics = openMetrics(running);
    const listeners = await openListeners(running, metrics);
    const settings = options.measureTax ? workerSettingsOf(engineOptions(running)) : undefined;
    const tax = await startTax({ engine, log, settings, scores: records.scores, tax: metrics.tax });
    await startDrift(metrics.drift, { detectors, policies: config.policies }, records.local.scores);
    const reReading = startReReading(running, metrics.tax);
    return createGateway(running, { ...listeners, tax, reReading });
  } catch (error) {
    assurance?.close();
    await engine?.close();
    await records.close();
    throw error;
  }
}

async function openDetection({
  config,
  onProgress,
}: GatewayOptions): Promise<{ model: OpenModel; detectors: LoadedDetector[] }> {
  const kinds = await loadKinds(config.kindModules);
  const model = await openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision: config.precision,
    contextTokens: config.engine.contextTokens,
    ...(onProgress ? { onProgress } : {}),
  });
  const resolving = { kinds, context: resolveContextOf(model), binding: bindingOf(model) };
  const detectors = loadDetectors({ folder: config.detectorsFolder, ...resolving });
  checkPolicies(config, detectors);
  return { model, detectors };
}

/** Throws `ConfigError` for policies that the loaded detectors cannot carry out. */
function checkPolicies({ file, policies }: Config, detectors: readonly LoadedDetector[]): void {
  const problems = policyProblems(file, policies, detectors);
  if (problems.length > 0) throw new ConfigError(problems);
}

type Started = Pick<Gateway, "api" | "console"> & {
  readonly tax: { close(): void };
  readonly reReading: { close(): Promise<void> };
};

function createGateway(running: Running, { api, console, tax, reReading }: Started): Gateway {
  const { config, log, model, engine, records, assurance, state, closing } = running;
  const retry = setInterval(() => {
    records.recorder.retry().catch((error: unknown) => log.error({ err: error }, "retrying records failed"));
  }, RETRY_MS);
  retry.unref();
  return {
    api,
    console,
    engine,
    model,
    async stop() {
      if (state.draining) return;
      state.draining = true;
      clearInterval(retry);
      tax.close();
      assurance.close();
      const { cut } = await api.drain(config.timeouts.drainMs);
      if (cut > 0) log.warn({ cut }, "live replies outlasted the grace period and were cut");
      await engine.close();
      await records.recorder.idle();
      await reReading.close();
      closing.abort();
      await console.drain(1_000);
      if (records.health().state === "fine") await records.pump.flush();
      await records.close();
    },
  };
}
