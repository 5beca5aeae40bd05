import type { ReviewTallies } from "../metrics.ts";

/** Tallies that count on. */
export interface TallyKeeper {
  readonly tallies: ReviewTallies;
  redisFailed(operation: string): void;
  joined(reason: "repeated" | "flood"): void;
  dropped(): void;
}

/** All at 0. */
export function createTallies(): TallyKeeper {
  const tallies = { redisFailures: {} as Record<string, number>, joined: { repeated: 0, flood: 0 }, dropped: 0 };
  return {
    tallies,
    redisFailed(operation) {
      tallies.redisFailures[operation] = (tallies.redisFailures[operation] ?? 0) + 1;
    },
    joined(reason) {
      tallies.joined[reason] += 1;
    },
    dropped() {
      tallies.dropped += 1;
    },
  };
}
