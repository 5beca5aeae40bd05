import { loadConfig, type Config } from "./config.ts";
import { loadKinds } from "./detect/kinds/registry.ts";
import { workerSettingsOf } from "./engine/open-engine.ts";
import type { WorkerEngine } from "./engine/worker-engine.ts";
import { createGenerations } from "./gateway/apps.ts";
import { startAssurance, type Assurance } from "./gateway/assurance.ts";
import { resolveDefinitions } from "./gateway/definitions.ts";
import { createEngines } from "./gateway/engines.ts";
import { createLearning, createSampling } from "./gateway/learning.ts";
import { openListeners, openMetrics } from "./gateway/listeners.ts";
import { startReReading, type ReReading } from "./gateway/re-reading.ts";
import { openRecords, type Records } from "./gateway/records.ts";
import { startRetaining } from "./gateway/retaining.ts";
import type { Reloader, ReloadOutcome } from "./gateway/reloader.ts";
import { lookAtFiles, startReloading } from "./gateway/reloading.ts";
import { engineOptions, type Running } from "./gateway/running.ts";
import { startTax, type TaxRun } from "./gateway/safety-tax.ts";
import { startDrift } from "./gateway/score-drift.ts";
import { createServing, type Serving } from "./gateway/serving.ts";
import type { Listener } from "./http/listener.ts";
import { openModel, type OpenModel } from "./lens/open-model.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
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
  /** Reads the configuration again; by default its file under the environment of this process. */
  readonly reload?: () => Config;
}

/** A gateway that serves. */
export interface Gateway {
  readonly api: Listener;
  readonly console: Listener;
  /** The one that gets new requests. */
  readonly engine: WorkerEngine;
  readonly model: OpenModel;
  /** Reads the configuration again and takes on what changed. What cannot be loaded changes nothing. Never rejects. */
  reload(): Promise<ReloadOutcome>;
  /** Takes no new work, lets live replies finish within the grace period, records what is left, and lets go of everything. */
  stop(): Promise<void>;
}

/** Opens model, detectors and records, starts the engine and both listeners. Resolves when the first request can be served. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const known = await lookAtFiles(config);
  const { model, kinds, serving } = await openDetection(options);
  const current = () => serving.definitions;
  const sampling = createSampling(current);
  const retentionNow = () => serving.definitions.config.retention;
  const records = openRecords({ config, log, sampler: sampling, retentionNow });
  const engines = createEngines({ log, model });
  let assurance: Assurance | undefined;
  try {
    await sampling.remember(records.local.scores);
    await recover(records, log);
    const seat = engines.start(serving.definitions);
    await seat.engine.ready;
    const learning = createLearning({ current, model, kinds, records });
    const state = { draining: false };
    const [live, closing] = [createLiveFeed(), new AbortController()];
    assurance = startAssurance({ log, model, serving, records });
    const running = { log, model, kinds, records, learning, assurance, live, serving, engines, state, closing };
    const metrics = openMetrics(running);
    const makeGeneration = createGenerations(running, metrics);
    serving.swap(makeGeneration(serving.definitions, seat));
    const listeners = await openListeners(running);
    const tax = await openTax(running, metrics, options);
    await startDrift(metrics.drift, serving.definitions, records.local.scores);
    const reReading = startReReading(running, metrics.tax);
    const retaining = startRetaining({ ...running, retentionNow });
    const load = options.reload ?? (() => loadConfig({ path: config.file }));
    const reloader = startReloading({ running, metrics, makeGeneration, tax, reReading, load, known });
    return createGateway(running, { ...listeners, tax, reReading, retaining, reloader });
  } catch (error) {
    assurance?.close();
    await engines.close();
    await records.close();
    throw error;
  }
}

interface Detection {
  readonly model: OpenModel;
  readonly kinds: Running["kinds"];
  readonly serving: Serving;
}

async function openDetection({ config, onProgress }: GatewayOptions): Promise<Detection> {
  const kinds = await loadKinds(config.kindModules);
  const model = await openModel({
    folder: config.model.folder,
    cache: config.cacheDir ?? cacheFolder(),
    precision: config.precision,
    contextTokens: config.engine.contextTokens,
    ...(onProgress ? { onProgress } : {}),
  });
  return { model, kinds, serving: createServing(resolveDefinitions(config, { model, kinds })) };
}

async function recover(records: Records, log: Logger): Promise<void> {
  const recovered = await records.recorder.recover();
  records.start();
  if (recovered.enqueued > 0) log.warn(recovered, "an earlier process left flagged runs behind; they are queued now");
}

async function openTax(running: Running, { tax }: Metrics, { measureTax }: GatewayOptions): Promise<TaxRun> {
  const { serving, model, log, records } = running;
  const settings = () => {
    const { config, detectors } = serving.definitions;
    return workerSettingsOf(engineOptions({ config, detectors, model, log }));
  };
  const run = await startTax({
    engine: () => serving.current.seat.engine,
    settings: measureTax === true ? settings : undefined,
    scores: records.scores,
    tax,
    log,
  });
  run.measure();
  return run;
}

type Started = Pick<Gateway, "api" | "console"> & {
  readonly tax: TaxRun;
  readonly reReading: ReReading;
  readonly retaining: { close(): Promise<void> };
  readonly reloader: Reloader;
};

function createGateway(running: Running, { api, console, tax, reReading, retaining, reloader }: Started): Gateway {
  const { log, model, engines, serving, records, assurance, state, closing } = running;
  const retry = setInterval(() => {
    records.recorder.retry().catch((error: unknown) => log.error({ err: error }, "retrying records failed"));
  }, RETRY_MS);
  retry.unref();
  return {
    api,
    console,
    get engine() {
      return serving.current.seat.engine;
    },
    model,
    reload: () => reloader.reload(),
    async stop() {
      if (state.draining) return;
      state.draining = true;
      clearInterval(retry);
      tax.close();
      assurance.close();
      const reloaded = reloader.close();
      const { cut } = await api.drain(serving.current.config.timeouts.drainMs);
      if (cut > 0) log.warn({ cut }, "live replies outlasted the grace period and were cut");
      await engines.close();
      await reloaded;
      await records.recorder.idle();
      await reReading.close();
      await retaining.close();
      closing.abort();
      await console.drain(1_000);
      if (records.health().state === "fine") await records.pump.flush();
      await records.close();
    },
  };
}
