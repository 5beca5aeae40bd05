import type { QueueStats } from "../queue/queue.ts";
import type { Override } from "../trace/override-store.ts";
import type { DecisionStore } from "../trace/stores.ts";

/** What waits and what was decided. */
export interface ReviewStats {
  readonly queue: QueueStats;
  /** Traces by the verdict that counts now. */
  readonly decisions: Awaited<ReturnType<DecisionStore["count"]>>;
  /** Flagged traces that the queue has not got yet, and how many there may be. */
  readonly outbox?: { readonly waiting: number; readonly limit: number };
  /** What is loosened now, for every page. */
  readonly overrides?: readonly Override[];
}

/** Tells everyone who listens when the counts change. */
export interface StatsFeed {
  /** Calls `listener` with new counts, and every few seconds at least, until the returned function is called. */
  listen(listener: (stats: ReviewStats) => void): () => void;
  /** Looks at once: something was changed here. */
  nudge(): void;
}

/** How to look, and how often. */
export interface FeedOptions {
  readonly read: () => Promise<ReviewStats>;
  /** A look that fails is reported here, and the next one is taken as usual. */
  readonly onError: (error: unknown) => void;
  readonly lookMs?: number;
  readonly repeatMs?: number;
}

/** Looks only while someone listens; one look serves all. */
export function createStatsFeed({ read, onError, lookMs = 1_000, repeatMs = 5_000 }: FeedOptions): StatsFeed {
  const listeners = new Set<(stats: ReviewStats) => void>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let last = { key: "", at: 0 };

  async function look(): Promise<void> {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      const stats = await read();
      const key = keyOf(stats);
      const now = performance.now();
      if (key === last.key && now - last.at < repeatMs) return;
      last = { key, at: now };
      for (const listener of listeners) listener(stats);
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
      if (again) {
        again = false;
        void look();
      }
    }
  }

  return {
    listen(listener) {
      listeners.add(listener);
      // Whoever comes new gets the counts at once, and the others with them.
      last = { key: "", at: 0 };
      timer ??= setInterval(() => void look(), lookMs);
      timer.unref();
      void look();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    nudge() {
      if (listeners.size > 0) void look();
    },
  };
}

/** The age of the oldest item grows all the time: it is no change. */
function keyOf({ queue: { oldestWaitingMs: _, ...counts }, ...rest }: ReviewStats): string {
  return JSON.stringify([counts, rest]);
}
