import type { Run, RunEvent } from "../engine/engine.ts";
import type { Logger } from "../log.ts";
import { createBacklog } from "./backlog.ts";
import { createDispatch } from "./dispatch.ts";
import { startRecording } from "./recording.ts";
import type { Redaction } from "./redaction.ts";
import type { Sampler } from "./sampling.ts";
import type { ScoreLog, TraceStore } from "./stores.ts";
import type { ScoreRow, Trace, TraceHead } from "./trace.ts";
import type { Closing } from "./trace-store.ts";

/**
 * What the recorder writes to. `enqueue` sends a trace on its way to review: it must be idempotent by trace id, and is waited
 * for, so it writes to this disk at most.
 */
export interface RecorderParts {
  readonly traces: TraceStore;
  readonly scores: ScoreLog;
  readonly enqueue: (trace: Trace) => Promise<unknown>;
  /** Closes a trace, writes its score row and sends it on its way with one write to disk; by default these are three. */
  readonly closeAtOnce?: (closing: Closing, row: ScoreRow) => Promise<void>;
  /** Whether one more run may be flagged; asked before its first evidence is written. Always, when absent. */
  readonly admit?: () => boolean;
  /** Draws replies that nothing flagged; none is drawn without it. */
  readonly sampler?: Sampler;
  /** Takes out what is not to be stored; everything is stored without it. */
  readonly redaction?: Redaction;
  readonly log: Pick<Logger, "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** What a recovery found: rows that a dead process left open, review items made, and writes that still wait for a retry. */
export interface Recovery {
  readonly interrupted: number;
  readonly enqueued: number;
  readonly failed: number;
}

/** Stands between a run and whoever sends its text on. */
export interface Recorder {
  /**
   * Passes a run's events on. What follows a `flag-raised` is delivered only when its evidence is on disk; when that
   * fails, or there is no room for one more flagged run, the run is cancelled and ends as `unavailable`. `run-ended` comes after the trace is closed and queued and the score row written.
   * Leaving early cancels the run at once and records the rest of it in the background.
   */
  record(run: Run, head: TraceHead): AsyncIterableIterator<RunEvent>;
  /** At start, before the first run: what a dead process left `open` becomes `interrupted` and is queued. */
  recover(): Promise<Recovery>;
  /** Repeats writes that failed and queues closed traces without a review item. To be called now and then. */
  retry(): Promise<Omit<Recovery, "interrupted">>;
  /** Resolves when no run is being recorded in the background. */
  idle(): Promise<void>;
}

/** Makes the recorder. `clock` is the wall clock by default. */
export function createRecorder(parts: RecorderParts): Recorder {
  const { traces, log, clock = Date.now } = parts;
  const background = createBackground(log);
  // Two lines: a flood of score rows that cannot be written never drives out a trace.
  const backlog = createBacklog({ log, givesUp: "nothing" });
  const scoreBacklog = createBacklog({ log, givesUp: "oldest" });
  const admit = () => !backlog.isFull() && (parts.admit?.() ?? true);
  const dispatch = createDispatch(parts);
  const enqueue = (traceId: string) => dispatch.send(traceId);

  async function retry() {
    const unwritten = (await backlog.retry()) + (await scoreBacklog.retry());
    const { enqueued, failed } = await dispatch.sendAll();
    return { enqueued, failed: unwritten + failed };
  }

  return {
    record(run, head) {
      const recording = startRecording({ ...parts, run, head, enqueue, admit, backlog, scoreBacklog, clock });
      return {
        next: () => recording.next(),
        async return() {
          background.keep(recording.leave(), head.id);
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    async recover() {
      const interrupted = await traces.interruptOpen();
      if (interrupted > 0)
        log.warn({ traces: interrupted }, "generations that a dead process left open are interrupted");
      return { interrupted, ...(await retry()) };
    },
    retry,
    idle: background.idle,
  };
}

/** Recordings that nobody waits for. */
function createBackground(log: RecorderParts["log"]) {
  const running = new Set<Promise<void>>();
  return {
    keep(drained: Promise<void>, traceId: string): void {
      const settled = drained
        .catch((error: unknown) => log.error({ err: error, traceId }, "recording in the background failed"))
        .finally(() => running.delete(settled));
      running.add(settled);
    },
    async idle(): Promise<void> {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
