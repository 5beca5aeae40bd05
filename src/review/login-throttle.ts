import { GatewayError } from "../errors.ts";

const WINDOW_MS = 900_000;
/** Failures within the window after which a name from one address, an address, and a name from anywhere have to wait. */
const LIMITS = { pair: 5, address: 30, name: 60 };
const MOST_KEYS = 10_000;
/** Passwords that may wait to be checked: each takes 0.2 s and 32 MiB. */
const MOST_WAITING = 16;

/** Who tries to log in, and from where. */
export interface LoginAttempt {
  readonly name: string;
  readonly address: string;
}

/** Slows down guessing. */
export interface LoginThrottle {
  /** Runs one check at a time. Throws `too_many_attempts` when there were too many failures or too many wait; a check that gives undefined is a failure. */
  attempt<Result>(who: LoginAttempt, check: () => Promise<Result | undefined>): Promise<Result | undefined>;
}

interface Failures {
  count: number;
  readonly until: number;
}

/** Counts failed logins in memory; a restart forgets them. */
export function createLoginThrottle(clock: () => number = Date.now): LoginThrottle {
  const failures = new Map<string, Failures>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  function current(key: string): Failures | undefined {
    const found = failures.get(key);
    if (found !== undefined && found.until <= clock()) failures.delete(key);
    return failures.get(key);
  }

  function demandPatience(keys: readonly (readonly [string, number])[]): void {
    for (const [key, limit] of keys) {
      const found = current(key);
      if (found === undefined || found.count < limit) continue;
      throw new GatewayError("too_many_attempts", undefined, { retryAfterMs: found.until - clock() });
    }
  }

  function countFailure(keys: readonly (readonly [string, number])[]): void {
    for (const [key] of keys) {
      const found = current(key);
      if (found === undefined) failures.set(key, { count: 1, until: clock() + WINDOW_MS });
      else found.count += 1;
    }
    // The oldest keys stand first.
    for (const key of failures.keys()) {
      if (failures.size <= MOST_KEYS) break;
      failures.delete(key);
    }
  }

  return {
    async attempt(who, check) {
      const keys = keysOf(who);
      demandPatience(keys);
      if (waiting >= MOST_WAITING) throw new GatewayError("too_many_attempts", undefined, { retryAfterMs: 5_000 });
      waiting += 1;
      const turn = last.then(async () => {
        // Those that waited behind a failure see it.
        demandPatience(keys);
        const result = await check();
        if (result === undefined) countFailure(keys);
        else failures.delete(keys[0][0]);
        return result;
      });
      last = turn.catch(() => undefined).finally(() => (waiting -= 1));
      return turn;
    },
  };
}

function keysOf({ name, address }: LoginAttempt): [[string, number], ...[string, number][]] {
  return [
    [JSON.stringify([name, address]), LIMITS.pair],
    [`address ${address}`, LIMITS.address],
    [`name ${name}`, LIMITS.name],
  ];
}
