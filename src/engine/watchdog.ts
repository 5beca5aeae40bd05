import { viewMark, type HeldWork, type MarkView } from "./work-mark.ts";

/** Looks now and then whether a detector still has the engine's thread. */
export interface Watchdog {
  /** Watches the thread that writes this mark from now on, and no other. */
  watch(mark: SharedArrayBuffer): void;
  close(): void;
}

export interface WatchdogOptions {
  /** How long a detector may have the thread for one step, in milliseconds. */
  readonly limitMs: number;
  /** Told once for each thread. It does nothing more, and is to be ended. */
  readonly onStuck: (work: HeldWork) => void;
  /** Calls `look` every so often, never twice for time that went by at once; returns what ends it. */
  readonly repeat?: (look: () => void, everyMs: number) => () => void;
}

const LOOK_MS = 1000;

/**
 * Watches nothing yet. Time is counted in looks and not by a clock: while the process or the machine stood still nobody looked, and the
 * detector could not go on either.
 */
export function startWatchdog({ limitMs, onStuck, repeat = repeatByTimer }: WatchdogOptions): Watchdog {
  const lookMs = Math.min(LOOK_MS, limitMs / 4);
  let view: MarkView | undefined;
  let seen = 0;
  let looks = 0;

  function look(): void {
    const unit = view?.unit() ?? 0;
    looks = unit > 0 && unit === seen ? looks + 1 : 0;
    seen = unit;
    if (looks * lookMs < limitMs) return;
    const held = view?.condemn(unit);
    if (held === undefined) return;
    view = undefined;
    onStuck(held);
  }

  const close = repeat(look, lookMs);
  return {
    watch(mark) {
      view = viewMark(mark);
      seen = 0;
      looks = 0;
    },
    close,
  };
}

function repeatByTimer(look: () => void, everyMs: number): () => void {
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}
