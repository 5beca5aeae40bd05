import type { Config } from "./config.ts";
import { policyProblems } from "./decide/policy-faults.ts";
import { scoredNames } from "./decide/policy.ts";
import { loadKinds } from "./detect/kinds/registry.ts";
import { loadDetectors, type LoadedDetector } from "./detect/loader.ts";
import { bindingOf, openEngine, resolveContextOf } from "./engine/open-engine.ts";
import type { WorkerEngine } from "./engine/worker-engine.ts";
import { createConsoleApp } from "./http/console-app.ts";
import { startListener, type Listener } from "./http/listener.ts";
import { createPublicApp } from "./http/public-app.ts";
import { openModel, type OpenModel } from "./lens/open-model.ts";
import { ConfigError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { cacheFolder } from "./model/cache-folder.ts";
import { createEmbeddedQueue } from "./queue/embedded.ts";
import type { ReviewQueue } from "./queue/queue.ts";
import { reviewItemOf } from "./queue/review-item.ts";
import { createReviewPage } from "./review/page.ts";
import { createReviewRoutes } from "./review/routes.ts";
import { openDatabase } from "./trace/database.ts";
import { createDecisionStore } from "./trace/decision-store.ts";
import { createRecorder, type Recorder } from "./trace/recorder.ts";
import { createScoreLog } from "./trace/score-log.ts";
import { stateFolder } from "./trace/state-folder.ts";
import type { DecisionStore, TraceStore } from "./trace/stores.ts";
import { createTraceStore } from "./trace/trace-store.ts";
import type { Trace } from "./trace/trace.ts";
import { VERSION } from "./version.ts";

/** How often writes that failed are tried again. */
const RETRY_MS = 10_000;

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Bytes of the model file converted so far and in all, at first use. */
  readonly onProgress?: (done: number, total: number) => void;
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
  const records = openRecords(config, log);
  const state = { draining: false };
  let engine: WorkerEngine | undefined;
  try {
    const recovered = await records.recorder.recover();
    if (recovered.enqueued > 0) log.warn(recovered, "an earlier process left flagged runs behind; they are queued now");
    engine = startEngine({ config, log, model, detectors });
    await engine.ready;
    const running = { config, log, model, detectors, engine, records, state };
    const listeners = await openListeners(running);
    return createGateway(running, listeners);
  } catch (error) {
    await engine?.close();
    records.close();
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

interface Records {
  readonly recorder: Recorder;
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  close(): void;
}

function openRecords(config: Config, log: Logger): Records {
  const database = openDatabase({ folder: config.stateDir ?? stateFolder() });
  const traces = createTraceStore(database);
  const queue = createEmbeddedQueue({ database });
  const enqueue = (trace: Trace) => queue.enqueue(reviewItemOf(trace));
  const recorder = createRecorder({ traces, scores: createScoreLog(database), enqueue, log });
  return { recorder, traces, queue, decisions: createDecisionStore(database), close: () => database.close() };
}

interface EngineParts {
  readonly config: Config;
  readonly log: Logger;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
}

function startEngine({ config, log, model, detectors }: EngineParts): WorkerEngine {
  const { slots, prefillChunkTokens, waitingLimit, threads } = config.engine;
  return openEngine({
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
  });
}

interface Running extends EngineParts {
  readonly engine: WorkerEngine;
  readonly records: Records;
  readonly state: { draining: boolean };
}

async function openListeners(running: Running): Promise<{ api: Listener; console: Listener }> {
  const { config, log } = running;
  const metrics = openMetrics(running);
  const publicApp = openPublicApp(running, metrics);
  const consoleApp = openConsoleApp(running, metrics);
  const api = await startListener({ name: "api", app: publicApp, log, host: config.api.host, port: config.api.port });
  try {
    const { host, port } = config.console;
    return { api, console: await startListener({ name: "console", app: consoleApp, log, host, port }) };
  } catch (error) {
    await api.drain(0);
    throw error;
  }
}

function openMetrics({ config, log, model, detectors, engine, records }: Running): Metrics {
  return createMetrics({
    models: [model.facts.name],
    detectors: [...new Set([...detectors.map(({ id }) => id), ...Object.values(config.policies).flatMap(scoredNames)])],
    policies: Object.keys(config.policies),
    version: VERSION,
    queue: "embedded",
    precision: model.facts.precision,
    engineStatus: () => engine.status(),
    queueStats: () => records.queue.stats(),
    countDecisions: () => records.decisions.count(),
    log,
  });
}

function openPublicApp({ config, log, model, detectors, engine, records, state }: Running, metrics: Metrics) {
  return createPublicApp({
    engine,
    prompts: model.prompts,
    record: (run, head) => records.recorder.record(run, head),
    policies: config.policies,
    defaultPolicy: config.defaultPolicy,
    keys: config.keys,
    defaultLimits: config.defaultLimits,
    limits: config.limits,
    timeouts: config.timeouts,
    allowedHosts: config.api.allowedHosts,
    allowedOrigins: config.api.allowedOrigins,
    detectors,
    observer: metrics.observer,
    log,
    isDraining: () => state.draining,
  });
}

function openConsoleApp({ config, log, engine, records, state }: Running, metrics: Metrics) {
  return createConsoleApp({
    engine,
    metrics,
    review: createReviewRoutes({ ...records, log }),
    page: createReviewPage(),
    limits: config.limits,
    retryAfterMs: config.timeouts.retryAfterMs,
    allowedHosts: config.console.allowedHosts,
    allowedOrigins: config.console.allowedOrigins,
    observer: metrics.observer,
    log,
    isDraining: () => state.draining,
  });
}

function createGateway(running: Running, { api, console }: { api: Listener; console: Listener }): Gateway {
  const { config, log, model, engine, records, state } = running;
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
      const { cut } = await api.drain(config.timeouts.drainMs);
      if (cut > 0) log.warn({ cut }, "live replies outlasted the grace period and were cut");
      await engine.close();
      await records.recorder.idle();
      await console.drain(1_000);
      records.close();
    },
  };
}
