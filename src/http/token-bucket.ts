/** What is used of an allowance that refills evenly: full after a minute without use. Times in milliseconds of one monotonic clock. */
export interface TokenBucket {
  /**
   * Takes `cost` and returns 0, or takes nothing and returns the milliseconds until it would fit. A cost above the whole
   * allowance fits when the bucket is full, and is paid off afterwards.
   */
  take(cost: number, perMinute: number): number;
  /** Gives back what was not used; a negative amount takes more, and may leave a debt. */
  giveBack(amount: number, perMinute: number): void;
  /** Whole units that could be taken now. */
  remaining(perMinute: number): number;
  /** Milliseconds until nothing is used. */
  fullAfterMs(perMinute: number): number;
}

const MINUTE_MS = 60_000;
// Refilling adds fractions up: a wait of exactly what was asked for must suffice.
const ROUNDING = 1e-6;

/** A full bucket. The allowance is given at each call, so a changed one keeps what is used. */
export function createTokenBucket(clock: () => number): TokenBucket {
  let used = 0;
  let at = clock();

  function refill(perMinute: number): void {
    const now = clock();
    used = Math.max(0, used - ((now - at) * perMinute) / MINUTE_MS);
    at = now;
  }

  return {
    take(cost, perMinute) {
      refill(perMinute);
      const missing = used + Math.min(cost, perMinute) - perMinute;
      if (missing > ROUNDING) return Math.ceil((missing * MINUTE_MS) / perMinute);
      used += cost;
      return 0;
    },
    giveBack(amount, perMinute) {
      refill(perMinute);
      used = Math.max(0, used - amount);
    },
    remaining(perMinute) {
      refill(perMinute);
      return Math.max(0, Math.floor(perMinute - used + ROUNDING));
    },
    fullAfterMs(perMinute) {
      refill(perMinute);
      return Math.ceil((used * MINUTE_MS) / perMinute);
    },
  };
}
