import type { Logger } from "../log.ts";

/** Writes that failed and are worth another attempt, in memory. */
export interface Backlog {
  /** Runs a write; when it fails, logs why and keeps it. Says whether it succeeded. */
  attempt(what: string, write: () => Promise<unknown>): Promise<boolean>;
  /** Runs everything kept once more, in order, and returns how many still fail. */
  retry(): Promise<number>;
}

const LIMIT = 1_000;

/** At most 1,000 writes are kept; the oldest goes first, and the log says so. */
export function createBacklog(log: Pick<Logger, "error">): Backlog {
  let kept: { readonly what: string; readonly write: () => Promise<unknown> }[] = [];

  async function attempt(what: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      log.error({ err: error }, `could not ${what}; it is tried again`);
      kept.push({ what, write });
      if (kept.length > LIMIT) log.error(`gave up: ${kept.shift()?.what ?? ""}`);
      return false;
    }
  }

  return {
    attempt,
    async retry() {
      const waiting = kept;
      kept = [];
      let failed = 0;
      for (const { what, write } of waiting) if (!(await attempt(what, write))) failed += 1;
      return failed;
    },
  };
}
