import { Worker } from "node:worker_threads";
import { GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ModelFacts } from "../model/facts.ts";
import type { Engine, Run } from "./engine.ts";
import { checkJob, type Job } from "./job.ts";
import { createLiveRuns } from "./live-runs.ts";
import type { WorkerSettings } from "./messages.ts";
import { keepWorker } from "./worker-keeper.ts";

export interface WorkerEngineOptions {
  readonly model: ModelFacts;
  readonly settings: WorkerSettings;
  /** Requests that may wait for a slot. */
  readonly waitingLimit: number;
  readonly retryAfterMs: number;
  readonly log: Logger;
  /** First pause before a dead worker is started again (default 250); doubles up to 32 times this. */
  readonly restartMs?: number;
}

/** An engine, and a way to end its thread for tests of what then happens. */
export interface WorkerEngine extends Engine {
  /** Resolves when the model can run for the first time; rejects when the first worker dies or is closed before that. */
  readonly ready: Promise<void>;
  /** Makes the thread die between two passes, as a programming error would. Resolves when it is gone. */
  crash(): Promise<void>;
}

/** Starts the worker thread and keeps one alive. A run under way when it dies ends as `failed`. */
export function startWorkerEngine(options: WorkerEngineOptions): WorkerEngine {
  const { model, settings, retryAfterMs } = options;
  const limits = { contextTokens: settings.contextTokens, vocabulary: model.vocabulary };
  const idle = { running: 0, waiting: 0 };
  let load = idle;
  const runs = createLiveRuns((id) => keeper.send({ type: "cancel", id }));
  const keeper = keepWorker({
    spawn: () => createWorker(settings),
    onMessage: (message) => {
      if (message.type === "event") runs.receive(message.id, message.event);
      else load = { running: message.running, waiting: message.waiting };
    },
    onDeath: () => {
      load = idle;
      runs.failAll("the engine's worker died");
    },
    log: options.log,
    restartMs: options.restartMs ?? 250,
  });

  const start = (job: Job): Run => {
    if (keeper.state !== "ready")
      throw new GatewayError("oversight_unavailable", UNAVAILABLE[keeper.state], { retryAfterMs });
    checkJob(job, limits);
    if (runs.size >= settings.slots + options.waitingLimit)
      throw new GatewayError("overloaded", undefined, { retryAfterMs });
    const run = runs.open(job.request);
    keeper.send({ type: "start", job });
    return run;
  };

  return {
    model,
    ready: keeper.ready,
    generate: (request) => start({ verb: "generate", request }),
    read: (request) => start({ verb: "read", request }),
    status: () => ({ state: keeper.state, slots: settings.slots, ...load, restarts: keeper.restarts }),
    crash: () => keeper.crash(),
    async close() {
      const closed = keeper.close();
      load = idle;
      runs.failAll("the engine was closed");
      await closed;
    },
  };
}

const UNAVAILABLE = {
  loading: "The model is loading.",
  restarting: "The model is restarting.",
  closed: "The model is not running.",
} as const;

// What a pass returns is garbage a step later. A large nursery lets it pile up: without this limit 60 MB more are resident.
const NURSERY_MB = 8;

/** The engine's thread itself. */
export function createWorker(settings: WorkerSettings): Worker {
  // In the sources the entry is a TypeScript file, which a plain worker cannot load. Its thread asks tsx, a development
  // dependency, to register there: an `--import` of tsx does nothing in a worker whose parent runs under tsx.
  const resourceLimits = { maxYoungGenerationSizeMb: NURSERY_MB };
  const options = { workerData: settings, name: "engine", resourceLimits };
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url), options);
  const entry = JSON.stringify(new URL("./worker.ts", import.meta.url).href);
  return new Worker(`import("tsx/esm/api").then((tsx) => (tsx.register(), import(${entry})));`, {
    ...options,
    eval: true,
  });
}
