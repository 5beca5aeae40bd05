import type { RedisHandle } from "./redis.ts";

/** How gateways with one Redis hear what each of them has deleted. Calls throw `GatewayError` `review_unavailable`. */
export interface SharedErasures {
  tell(traceIds: readonly string[]): Promise<void>;
  /** What was told at a moment or after it (milliseconds of the clock of Redis), with the moment to ask from next. */
  hear(since: number): Promise<{ readonly traceIds: string[]; readonly next: number }>;
}

/** Everyone has heard of it by then, or has lost what it was about. */
export const TOLD_MS = 90 * 86_400_000;

/** Keeps the first moment of each id, and drops what is old. */
const TELL = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now), id) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ${TOLD_MS}))
return 1
`;
/** The clock is read before the list, so that nothing told in between is missed. */
const HEAR = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
return { now, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf') }
`;
const BATCH = 500;

/** A sorted set `PREFIX:shared:erasures` of ids alone. */
export function createSharedErasures(redis: RedisHandle): SharedErasures {
  const key = `${redis.prefix}:shared:erasures`;
  return {
    async tell(traceIds) {
      for (let from = 0; from < traceIds.length; from += BATCH) {
        const ids = traceIds.slice(from, from + BATCH);
        await redis.attempt("erasures", (client) => client.eval(TELL, 1, key, ...ids));
      }
    },
    async hear(since) {
      const answer = await redis.attempt("erasures", (client) => client.eval(HEAR, 1, key, since));
      const [now, traceIds] = answer as [string, string[]];
      return { traceIds, next: Number(now) };
    },
  };
}
