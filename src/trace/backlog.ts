import type { Logger } from "../log.ts";

/** Writes that failed and are worth another attempt, in memory. */
export interface Backlog {
  /** Runs a write; when it fails, logs why and keeps it. Says whether it succeeded. */
  attempt(what: string, write: () => Promise<unknown>): Promise<boolean>;
  /** Runs everything kept once more, in order, and returns how many still fail. */
  retry(): Promise<number>;
  /** Whether as much is kept as may be. What must not be lost is then to be refused before it begins. */
  isFull(): boolean;
}

/** What a backlog does with what it can keep no longer. */
export interface BacklogOptions {
  readonly log: Pick<Logger, "error">;
  /** `nothing`: it keeps more than it should, since whoever asks `isFull` begins nothing new. `oldest`: the oldest goes, and the log says so. */
  readonly givesUp: "nothing" | "oldest";
}

const LIMIT = 1_000;

/** At most 1,000 writes are meant to be kept. */
export function createBacklog({ log, givesUp }: BacklogOptions): Backlog {
  let kept: { readonly what: string; readonly write: () => Promise<unknown> }[] = [];

  async function attempt(what: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      log.error({ err: error }, `could not ${what}; it is tried again`);
      kept.push({ what, write });
      if (givesUp === "oldest" && kept.length > LIMIT) log.error(`gave up: ${kept.shift()?.what ?? ""}`);
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
    isFull: () => kept.length >= LIMIT,
  };
}
