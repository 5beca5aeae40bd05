import type { Worker } from "node:worker_threads";
import type { Logger } from "../log.ts";
import type { EngineStatus } from "./engine.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface WorkerKeeperOptions {
  readonly spawn: () => Worker;
  /** Every message but `ready`. */
  readonly onMessage: (message: Exclude<FromWorker, { type: "ready" }>) => void;
  /** A worker is gone, and so is everything that it ran. Every message that it sent was handed over before. */
  readonly onDeath: (cause: Error) => void;
  readonly log: Pick<Logger, "error">;
  /** First pause before a dead worker is started again, in milliseconds. Doubles up to 32 times this; begins anew once a worker stayed alive for that long. */
  readonly restartMs: number;
  /** How long a worker may take to leave when it is told to, before it is ended by force (10 s). */
  readonly closeLimitMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** One worker thread that is kept alive. */
export interface WorkerKeeper {
  /** Resolves when the first worker says `ready`; rejects when it dies or is closed before that. */
  readonly ready: Promise<void>;
  readonly state: EngineStatus["state"];
  readonly restarts: number;
  send(message: ToWorker): void;
  /** Makes the worker die at its next turn, as a programming error would. Resolves when it is gone. */
  crash(): Promise<void>;
  /** Ends a worker by force, for this reason; it takes no more work. It must not be in a forward pass: that would end the process. */
  end(cause: Error): void;
  /** Resolves when the worker has left. */
  close(): Promise<void>;
}

interface State {
  state: EngineStatus["state"];
  worker: WatchedWorker | undefined;
  restarts: number;
  pauseMs: number;
  readyAt: number;
  timer: NodeJS.Timeout | undefined;
}

function createState(restartMs: number): State {
  return { state: "loading", worker: undefined, restarts: 0, pauseMs: restartMs, readyAt: 0, timer: undefined };
}

/** Starts the first worker. One that dies before it is ever ready is not started again: what is wrong will not mend itself. */
export function keepWorker(options: WorkerKeeperOptions): WorkerKeeper {
  const now = options.now ?? (() => performance.now());
  const state = createState(options.restartMs);
  const first = createDeferred();

  const receive = (message: FromWorker): void => {
    if (state.state === "closed") return;
    if (message.type !== "ready") return options.onMessage(message);
    state.state = "ready";
    state.readyAt = now();
    first.resolve();
  };
  const bury = (cause: Error): void => {
    if (state.state === "closed") return;
    const pauseMs =
      state.state === "loading" ? undefined : nextPause(state, { now: now(), restartMs: options.restartMs });
    options.log.error({ err: cause, restartInMs: pauseMs ?? null }, "the engine's worker died");
    state.state = pauseMs === undefined ? "closed" : "restarting";
    options.onDeath(cause);
    first.reject(cause);
    if (pauseMs === undefined) return;
    state.restarts += 1;
    state.timer = setTimeout(spawn, pauseMs);
  };
  const spawn = (): void => {
    state.worker = watch(options.spawn(), { receive, bury, onError: () => leaveReady(state) });
  };
  const send = (message: ToWorker): void => state.worker?.thread.postMessage(message);
  spawn();

  return {
    ready: first.promise,
    get state() {
      return state.state;
    },
    get restarts() {
      return state.restarts;
    },
    send,
    async crash() {
      send({ type: "crash" });
      await state.worker?.exited;
    },
    end: (cause) => endNow(state, cause),
    async close() {
      state.state = "closed";
      clearTimeout(state.timer);
      first.reject(new Error("the engine was closed before it was ready"));
      if (state.worker) await dismiss(state.worker, options.closeLimitMs ?? 10_000);
    },
  };
}

interface WatchedWorker {
  readonly thread: Worker;
  readonly exited: Promise<void>;
  readonly end: (cause: Error) => void;
}

interface Watcher {
  readonly receive: (message: FromWorker) => void;
  readonly bury: (cause: Error) => void;
  readonly onError: () => void;
}

async function dismiss({ thread, exited }: WatchedWorker, limitMs: number): Promise<void> {
  thread.postMessage({ type: "close" } satisfies ToWorker);
  // Only for one that hangs: force in the middle of a pass ends the whole process.
  const force = setTimeout(() => void thread.terminate(), limitMs);
  await exited;
  clearTimeout(force);
}

/** Node hands over what a dead worker still sent before `exit`, but not before `error`: so the end is the exit. */
function watch(thread: Worker, { receive, bury, onError }: Watcher): WatchedWorker {
  let cause: Error | undefined;
  thread.on("message", receive);
  thread.on("error", (error: unknown) => {
    cause = error instanceof Error ? error : new Error(String(error));
    onError();
  });
  const exited = new Promise<void>((resolve) => {
    thread.on("exit", (code) => {
      bury(cause ?? new Error(`the worker left with code ${code}`));
      resolve();
    });
  });
  const end = (reason: Error): void => {
    cause = reason;
    void thread.terminate();
  };
  return { thread, exited, end };
}

function endNow(state: State, cause: Error): void {
  leaveReady(state);
  state.worker?.end(cause);
}

// A worker that is about to exit takes no more work.
function leaveReady(state: State): void {
  if (state.state === "ready") state.state = "restarting";
}

function nextPause(state: State, { now, restartMs }: { now: number; restartMs: number }): number {
  const longestMs = restartMs * 32;
  const isProven = state.readyAt > 0 && now - state.readyAt > longestMs;
  const pauseMs = isProven ? restartMs : state.pauseMs;
  state.readyAt = 0;
  state.pauseMs = Math.min(pauseMs * 2, longestMs);
  return pauseMs;
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

// Promise.withResolvers came with Node 22.
function createDeferred(): Deferred {
  let settle: Omit<Deferred, "promise"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever does not await `ready` sees the state instead.
  promise.catch(() => undefined);
  return { promise, resolve: () => settle?.resolve(), reject: (cause) => settle?.reject(cause) };
}
