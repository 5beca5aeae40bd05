import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Logger } from "../log.ts";
import type { Trace } from "../trace/trace.ts";
import type { FromReader, ToReader } from "./messages.ts";
import type { ReaderSettings } from "./reader-settings.ts";

/** The reading process died while it read. */
export class ReaderDied extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReaderDied";
  }
}

/** One reading process that is started when it is needed and leaves when it is not. */
export interface ReaderKeeper {
  /** Starts the process ahead of a trace. What goes wrong shows when that comes. */
  warm(): void;
  /** An `Enrichment` or `EnrichmentFailure` as JSON. One at a time. Rejects with `ReaderDied`. */
  read(trace: Trace): Promise<string>;
  /** The next trace is read by a new process, with what `settings` gives then; one under way is finished. */
  renew(): void;
  /** Id of the process; undefined while there is none. */
  readonly processId: number | undefined;
  /** Ends the process, in the middle of a trace too. */
  close(): Promise<void>;
}

export interface ReaderKeeperOptions {
  readonly settings: () => Promise<ReaderSettings>;
  readonly idleExitMs: number;
  /** A trace that takes longer than this ends the process (10 minutes). */
  readonly limitMs?: number;
  readonly log: Pick<Logger, "info" | "error">;
  /** Starts the process. */
  readonly start?: () => ChildProcess;
}

/**
 * How far it stands back: against one busy thread of niceness 0 it gets 3.4 % of a core. At 19 that is 1.4 %, and evidence of a
 * loaded machine takes minutes.
 */
export const NICENESS = 15;

// What a pass returns is garbage a step later, and a large nursery lets it pile up.
const NURSERY_MB = 8;

interface Reader {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** Takes what the process says next; rejects when it says no more. */
  next(): Promise<FromReader>;
}

interface State {
  current: Reader | undefined;
  /** Under way until it is ready. */
  opening: Promise<Reader> | undefined;
  /** Its settings are those of before. */
  stale: boolean;
  closed: boolean;
}

/** Keeps the process; nothing is started before the first trace. */
export function keepReader(options: ReaderKeeperOptions): ReaderKeeper {
  const { idleExitMs, limitMs = 600_000 } = options;
  const state: State = { current: undefined, opening: undefined, stale: false, closed: false };
  let idle: NodeJS.Timeout | undefined;

  async function end(): Promise<void> {
    const { current } = state;
    // It holds nothing that is not on disk elsewhere.
    current?.child.kill("SIGKILL");
    await current?.exited;
  }
  async function open(): Promise<Reader> {
    if (state.stale && !state.opening) dismiss();
    if (state.current && !state.opening) return state.current;
    state.opening ??= openReader(options, state).finally(() => (state.opening = undefined));
    return state.opening;
  }
  function dismiss(): void {
    const { current } = state;
    state.current = undefined;
    if (current) tell(current, { type: "close" });
  }

  return {
    get processId() {
      return state.current?.child.pid;
    },
    renew: () => void (state.stale = true),
    warm: () => void open().catch(() => undefined),
    async read(trace) {
      clearTimeout(idle);
      const limit = setTimeout(() => void end(), limitMs);
      try {
        return await readOne(await open(), trace);
      } catch (error) {
        await end();
        throw error;
      } finally {
        clearTimeout(limit);
        idle = setTimeout(dismiss, idleExitMs);
        idle.unref();
      }
    },
    async close() {
      state.closed = true;
      clearTimeout(idle);
      await end();
    },
  };
}

async function openReader(options: ReaderKeeperOptions, state: State): Promise<Reader> {
  const { settings, log, start = () => forkReader() } = options;
  state.stale = false;
  const loaded = await settings();
  if (state.closed) throw new ReaderDied("the gateway is closing");
  const reader = watchReader(start());
  state.current = reader;
  void reader.exited.then(() => {
    if (state.current === reader) state.current = undefined;
  });
  tell(reader, { type: "open", settings: loaded });
  await reader.next();
  log.info({ pid: reader.child.pid }, "the process that reads traces again is ready");
  return reader;
}

async function readOne(reader: Reader, trace: Trace): Promise<string> {
  tell(reader, { type: "read", trace });
  const message = await reader.next();
  if (message.type !== "read" || message.traceId !== trace.head.id) throw new ReaderDied("it answered another trace");
  return message.body;
}

function tell({ child }: Reader, message: ToReader): void {
  // One that is gone says so by its exit.
  if (child.connected) child.send(message, () => undefined);
}

function watchReader(child: ChildProcess): Reader {
  const said: FromReader[] = [];
  let waiting: { resolve(message: FromReader): void; reject(error: Error): void } | undefined;
  let end: ReaderDied | undefined;
  child.on("message", (message: FromReader) => {
    if (message.type === "broken") {
      end = new ReaderDied(message.message);
      return;
    }
    if (waiting) waiting.resolve(message);
    else said.push(message);
    waiting = undefined;
  });
  const exited = new Promise<void>((resolve) => {
    const leave = (why: string) => {
      end ??= new ReaderDied(why);
      waiting?.reject(end);
      waiting = undefined;
      resolve();
    };
    child.on("error", (error) => leave(error.message));
    child.on("exit", (code, signal) => leave(`it ended with ${signal ?? `code ${code}`}`));
  });
  return {
    child,
    exited,
    next: () =>
      new Promise((resolve, reject) => {
        const message = said.shift();
        if (message) resolve(message);
        else if (end) reject(end);
        else waiting = { resolve, reject };
      }),
  };
}

// Keys and passwords of the gateway have no business there.
function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LENSGATE_")));
}

/** Starts the process itself. In the sources it runs under tsx, which is found from the root of the checkout. */
export function forkReader(niceness: number = NICENESS): ChildProcess {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./enrichment-process.ts" : "./enrichment-process.js", import.meta.url);
  return fork(fileURLToPath(entry), [String(niceness)], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: bareEnvironment(),
    execArgv: [`--max-semi-space-size=${NURSERY_MB}`, ...(isSource ? ["--import", "tsx"] : [])],
    ...(isSource ? { cwd: fileURLToPath(new URL("../..", import.meta.url)) } : {}),
  });
}
