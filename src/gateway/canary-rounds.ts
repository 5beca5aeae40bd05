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
  /** Ends it; a canary under way is waited for by nobody. */
  close(): void;
}

/** What rounds are made of. Times in milliseconds. */
export interface CanaryRoundsOptions {
  /** Asked before every round, so that a reload may change them. */
  readonly canaries: () => readonly Canary[];
  readonly run: (canary: Canary) => Promise<CanaryOutcome>;
  /** From the end of one round to the next; 0: never. */
  readonly everyMs: number;
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
  let timer: NodeJS.Timeout | undefined;

  async function round(): Promise<void> {
    const all = canaries();
    const held = await runAll(all, options, {
      isClosed: () => closed,
      // Blindness is told at once, sight only when all have been asked.
      onFailed: (detector) => void results.set(detector, false),
    });
    if (closed) return;
    if (held !== undefined) {
      results.clear();
      for (const [detector, isHeld] of held) results.set(detector, isHeld);
      lastRunAt = clock();
    }
    schedule(held === undefined ? retryMs : everyMs);
  }

  function schedule(afterMs: number): void {
    timer = setTimeout(() => void round(), afterMs).unref();
  }

  if (everyMs > 0) schedule(firstMs);
  return {
    state: () => ({ results, lastRunAt }),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

interface Course {
  readonly isClosed: () => boolean;
  readonly onFailed: (detector: string) => void;
}

/** What every detector's canaries gave; undefined when one of them could not be run. */
async function runAll(
  canaries: readonly Canary[],
  { run, log }: CanaryRoundsOptions,
  { isClosed, onFailed }: Course,
): Promise<Map<string, boolean> | undefined> {
  const held = new Map<string, boolean>();
  for (const canary of canaries) {
    const { detector, name, expect } = canary;
    const outcome = await run(canary);
    if (isClosed()) return undefined;
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
