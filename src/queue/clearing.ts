import type { PumpStep } from "../trace/pump.ts";
import type { BullmqQueue } from "./bullmq.ts";

/** What clearing works on. */
export interface ClearingParts {
  readonly queue: Pick<BullmqQueue, "clearDecided">;
  /** How long a decided item stays in the queue, in milliseconds. Asked at every look. */
  readonly keepMs: () => number;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
}

const BATCH = 100;
const EVERY_MS = 60_000;

/**
 * Lets the queue go of items that were decided long ago: one small batch a round, by whichever gateway comes first. The log of
 * decisions has their verdicts, and the gateway that flagged them their traces.
 */
export function createClearing({ queue, keepMs, clock = Date.now }: ClearingParts): PumpStep {
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    name: "clear",
    async run() {
      const now = clock();
      if (now - lookedAt < EVERY_MS) return;
      const removed = await queue.clearDecided(now - keepMs(), BATCH);
      if (removed < BATCH) lookedAt = now;
    },
  };
}
