import type { Canary } from "../detect/canary.ts";
import type { CanaryOutcome } from "../engine/canary-run.ts";
import type { Logger } from "../log.ts";

/** What the last rounds said. */
export interface CanaryState {
  /** By detector: whether every canary of it held; absent before its first round. */
  readonly results: ReadonlyMap<string, boolean>;
  /** When a round was last run to its end, milliseconds since 1970; null before. */
  readonly lastRunAt: number | null;
}

/** Canaries that run again and again. */
export interface CanaryRounds {
  state(): CanaryState;
  /** From one round to the next, in milliseconds; 0: never. */
  readonly everyMs: number;
  /** Begins again with what `canaries` and `everyMs` say now; a round under way counts no more. */
  renew(): void;
  /** Ends it; a canary under way is waited for by nobody. */
  close(): void;
}

/** What rounds are made of. Times in milliseconds. */
export interface CanaryRoundsOptions {
  /** Asked before every round. */
  readonly canaries: () => readonly Canary[];
  readonly run: (canary: Canary) => Promise<CanaryOutcome>;
  /** From the end of one round to the next; 0: never. */
  readonly everyMs: () => number;
  /** From now to the first round. */
  readonly firstMs?: number;
  /** How soon a round that the engine had no room for is tried again. */
  readonly retryMs?: number;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Starts the rounds: one canary at a time, so that callers keep the other slots. */
export function startCanaryRounds(options: CanaryRoundsOptions): CanaryRounds {
  const { canaries, everyMs, firstMs = 5_000, retryMs = 10_000, clock = Date.now } = options;
  const results = new Map<string, boolean>();
  let lastRunAt: number | null = null;
  let closed = false;
  let course = 0;
  let timer: NodeJS.Timeout | undefined;

  async function round(): Promise<void> {
    const mine = course;
    const isOver = () => closed || course !== mine;
    const held = await runAll(canaries(), options, {
      isOver,
      // Blindness is told at once, sight only when all have been asked.
      onFailed: (detector) => void results.set(detector, false),
    });
    if (isOver()) return;
    if (held !== undefined) {
      results.clear();
      for (const [detector, isHeld] of held) results.set(detector, isHeld);
      lastRunAt = clock();
    }
    schedule(held === undefined ? retryMs : everyMs());
  }

  function schedule(afterMs: number): void {
    timer = setTimeout(() => void round(), afterMs).unref();
  }
  /** What is asked no more has no result: the next round may be long in coming. */
  function forget(): void {
    const asked = new Set(canaries().map(({ detector }) => detector));
    for (const detector of results.keys()) if (!asked.has(detector)) results.delete(detector);
  }
  function renew(): void {
    if (closed) return;
    course += 1;
    clearTimeout(timer);
    forget();
    if (everyMs() > 0) schedule(firstMs);
    else results.clear();
  }

  renew();
  return {
    state: () => ({ results, lastRunAt }),
    get everyMs() {
      return everyMs();
    },
    renew,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

interface Course {
  readonly isOver: () => boolean;
  readonly onFailed: (detector: string) => void;
}

/** What every detector's canaries gave; undefined when one of them could not be run. */
async function runAll(
  canaries: readonly Canary[],
  { run, log }: CanaryRoundsOptions,
  { isOver, onFailed }: Course,
): Promise<Map<string, boolean> | undefined> {
  const held = new Map<string, boolean>();
  for (const canary of canaries) {
    const { detector, name, expect } = canary;
    const outcome = await run(canary);
    if (isOver()) return undefined;
    if (outcome.outcome === "not_run") {
      log.info({ detector, canary: name, why: outcome.why }, "a canary could not be run; the round is tried again");
      return undefined;
    }
    held.set(detector, (held.get(detector) ?? true) && outcome.outcome === "held");
    if (outcome.outcome === "held") continue;
    onFailed(detector);
    log.error({ detector, canary: name, expected: expect, found: outcome.found }, "a canary failed");
  }
  return held;
}
