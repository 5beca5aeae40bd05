import type { Logger } from "../log.ts";
import type { TraceStore } from "./stores.ts";
import type { Trace } from "./trace.ts";

/** Brings closed traces to the review queue, each at least once. */
export interface Dispatch {
  /** Says whether it succeeded. A failure is logged; the trace stays listed as unqueued. */
  send(traceId: string): Promise<boolean>;
  /** Sends every closed trace that has no review item yet, oldest first. */
  sendAll(): Promise<{ readonly enqueued: number; readonly failed: number }>;
}

interface DispatchParts {
  readonly traces: TraceStore;
  readonly enqueue: (trace: Trace) => Promise<unknown>;
  readonly log: Pick<Logger, "error">;
}

const BATCH = 500;

/** `enqueue` must be idempotent by trace id: a process may die before the trace is marked. */
export function createDispatch({ traces, enqueue, log }: DispatchParts): Dispatch {
  async function send(traceId: string): Promise<boolean> {
    try {
      const trace = await traces.get(traceId);
      if (trace === undefined) throw new Error(`trace ${traceId} is gone`);
      await enqueue(trace);
      await traces.markQueued(traceId);
      return true;
    } catch (error) {
      log.error({ err: error, traceId }, "a flagged trace could not be queued; it stays recorded and is tried again");
      return false;
    }
  }

  return {
    send,
    async sendAll() {
      let [enqueued, failed] = [0, 0];
      for (;;) {
        const ids = await traces.listUnqueued(BATCH);
        const before = enqueued;
        failed = 0;
        for (const id of ids) {
          if (await send(id)) enqueued += 1;
          else failed += 1;
        }
        // Traces that fail stay at the head of the list, so a batch without progress is the last one.
        if (ids.length < BATCH || enqueued === before) return { enqueued, failed };
      }
    },
  };
}
