import { ConfigError, type Problem } from "../errors.ts";

/** What came of a reload. `kept`: the engine goes on; `new`: another one took its place. */
export type ReloadOutcome =
  | { readonly ok: true; readonly hash: string; readonly engine: "kept" | "new"; readonly changed: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the configuration again when it is asked to, one time after the other. */
export interface Reloader {
  /** Never rejects. Calls while one is under way get one more after it, together. */
  reload(): Promise<ReloadOutcome>;
  /** Resolves when nothing is under way any more; nothing is read after it. */
  close(): Promise<void>;
}

export interface ReloaderParts {
  /** Reads, builds, tests and swaps. Throws `ConfigError` where anything is wrong, and has changed nothing then. */
  readonly load: () => Promise<Extract<ReloadOutcome, { ok: true }>>;
  /** Told of every outcome. */
  readonly tell: (outcome: ReloadOutcome) => Promise<void>;
  /** What problems name that no file is at fault for. */
  readonly file: string;
}

/** Idle. */
export function createReloader({ load, tell, file }: ReloaderParts): Reloader {
  let running: Promise<ReloadOutcome> | undefined;
  let next: Promise<ReloadOutcome> | undefined;
  let closed = false;

  async function attempt(): Promise<ReloadOutcome> {
    if (closed) return refuse([{ file, message: "the gateway is stopping", cure: "start it again" }]);
    const outcome = await load().catch((error: unknown) => refuse(problemsOf(error, file)));
    // What fails while everything is taken down says nothing of the files.
    if (!closed) await tell(outcome);
    return outcome;
  }
  function start(): Promise<ReloadOutcome> {
    const current = attempt().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  }

  return {
    reload() {
      if (running === undefined) return start();
      next ??= running.then(() => {
        next = undefined;
        return start();
      });
      return next;
    },
    async close() {
      closed = true;
      await next;
      await running;
    },
  };
}

function refuse(problems: readonly Problem[]): ReloadOutcome {
  return { ok: false, problems };
}

function problemsOf(error: unknown, file: string): readonly Problem[] {
  if (error instanceof ConfigError) return error.problems;
  const message = error instanceof Error ? error.message : String(error);
  return [{ file, message: `could not be loaded: ${message}`, cure: "see the log" }];
}
