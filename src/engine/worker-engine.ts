import { Worker } from "node:worker_threads";
import { GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ModelFacts } from "../model/facts.ts";
import type { Engine, Run } from "./engine.ts";
import { checkJob, type Job } from "./job.ts";
import { createLiveRuns } from "./live-runs.ts";
import type { WorkerSettings } from "./messages.ts";
import { createMarkMemory, type HeldWork } from "./work-mark.ts";
import { startWatchdog } from "./watchdog.ts";
import { keepWorker, type WorkerKeeper, type WorkerKeeperOptions } from "./worker-keeper.ts";

export interface WorkerEngineOptions {
  readonly model: ModelFacts;
  readonly settings: WorkerSettings;
  /** Requests that may wait for a slot. */
  readonly waitingLimit: number;
  readonly retryAfterMs: number;
  readonly log: Logger;
  /** First pause before a dead worker is started again (default 250); doubles up to 32 times this. */
  readonly restartMs?: number;
  /** How long a detector may have the thread for one step, in milliseconds, before the thread is ended (10 s). */
  readonly stuckMs?: number;
}

/** An engine, and a way to end its thread for tests of what then happens. */
export interface WorkerEngine extends Engine {
  /** Resolves when the model can run for the first time; rejects when the first worker dies or is closed before that. */
  readonly ready: Promise<void>;
  /** Runs that have not ended. */
  readonly live: number;
  /** Makes the thread die between two passes, as a programming error would. Resolves when it is gone. */
  crash(): Promise<void>;
}

/**
 * Starts the worker thread and keeps one alive. A run under way when it dies ends as `failed`. A detector that does not come back ends the
 * thread, and counts as broken from then on.
 */
export function startWorkerEngine(options: WorkerEngineOptions): WorkerEngine {
  const { model, settings, retryAfterMs } = options;
  const limits = { contextTokens: settings.contextTokens, vocabulary: model.vocabulary };
  const idle = { running: 0, waiting: 0 };
  let load = idle;
  const runs = createLiveRuns((id) => keeper.send({ type: "cancel", id }));
  const { keeper, stuck, unwatch } = keepWatched(options, {
    onMessage: (message) => {
      if (message.type === "event") runs.receive(message.id, message.event);
      else load = { running: message.running, waiting: message.waiting };
    },
    onDeath: (cause) => {
      load = idle;
      runs.failAll(cause instanceof StuckError ? cause.message : "the engine's worker died");
    },
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
    get live() {
      return runs.size;
    },
    generate: (request) => start({ verb: "generate", request }),
    read: (request) => start({ verb: "read", request }),
    status() {
      const { state, restarts } = keeper;
      return { state, slots: settings.slots, ...load, restarts, stuck: [...stuck] };
    },
    crash: () => keeper.crash(),
    async close() {
      const closed = keeper.close();
      load = idle;
      runs.failAll("the engine was closed");
      await closed;
      unwatch();
    },
  };
}

const UNAVAILABLE = {
  loading: "The model is loading.",
  restarting: "The model is restarting.",
  closed: "The model is not running.",
} as const;

/** Why a thread was ended: a detector had it and did not come back. */
class StuckError extends Error {}

interface Watched {
  readonly keeper: WorkerKeeper;
  /** Detectors that did not come back. */
  readonly stuck: ReadonlySet<string>;
  readonly unwatch: () => void;
}

/** A thread that is kept alive and watched: one after the other, each knowing which detectors ended those before it. */
function keepWatched(
  { settings, log, restartMs = 250, stuckMs: limitMs = 10_000 }: WorkerEngineOptions,
  events: Pick<WorkerKeeperOptions, "onMessage" | "onDeath">,
): Watched {
  const stuck = new Set<string>();
  const onStuck = ({ detector: place, work }: HeldWork): void => {
    const detector = settings.detectors[place]?.id ?? `number ${place}`;
    stuck.add(detector);
    log.error(
      { detector, work, limitMs },
      "a detector does not come back; the engine's thread is ended, and the detector is left out from here on",
    );
    keeper.end(new StuckError(`detector ${detector} did not come back from ${work} within ${limitMs} ms`));
  };
  const watchdog = startWatchdog({ limitMs, onStuck });
  const spawn = (): Worker => {
    const mark = createMarkMemory();
    watchdog.watch(mark);
    return createWorker({ ...settings, mark, stuck: [...stuck] });
  };
  const keeper = keepWorker({ spawn, ...events, log, restartMs });
  return { keeper, stuck, unwatch: watchdog.close };
}

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
