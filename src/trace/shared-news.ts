import type { RedisHandle } from "./redis.ts";

/** Something that a gateway tells the others, once under its id. */
export interface News {
  readonly id: string;
  /** May be empty: then the id says it all. */
  readonly body: string;
}

/** What was heard, oldest first, with the moment to ask from next (milliseconds of the clock of Redis). */
export interface Heard<Item> {
  readonly items: readonly Item[];
  readonly next: number;
}

/** How gateways with one Redis tell each other what all of them must know. Calls throw `GatewayError` `review_unavailable`. */
export interface SharedNews {
  /** What was told before under the same id stays as it was. */
  tell(news: readonly News[]): Promise<void>;
  /** What was told at a moment or after it. */
  hear(since: number): Promise<Heard<News>>;
}

/** What kind of news, and for how long they are kept after they were told first. */
export interface NewsOptions {
  readonly name: "erasures" | "overrides";
  readonly keptMs: number;
}

/** Keeps the first moment and the first body of each id, and drops what is old. */
const TELL = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 2, #ARGV, 2 do
  local isNew = redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now), ARGV[at]) == 1
  if isNew and ARGV[at + 1] ~= '' then redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
end
local old = string.format('%.0f', now - ARGV[1])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', old)) do redis.call('HDEL', KEYS[2], id) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', old)
return 1
`;
/** The clock is read before the list, so that nothing told in between is missed. */
const HEAR = `
local time = redis.call('TIME')
local answer = { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')) do
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGET', KEYS[2], id) or ''
end
return answer
`;
const BATCH = 500;

/** A sorted set `PREFIX:shared:NAME` of ids by the moment, and a hash `PREFIX:shared:NAME:bodies` where there are bodies. */
export function createSharedNews(redis: RedisHandle, { name, keptMs }: NewsOptions): SharedNews {
  const keys = [`${redis.prefix}:shared:${name}`, `${redis.prefix}:shared:${name}:bodies`] as const;
  return {
    async tell(news) {
      for (let from = 0; from < news.length; from += BATCH) {
        const values = news.slice(from, from + BATCH).flatMap(({ id, body }) => [id, body]);
        await redis.attempt(name, (client) => client.eval(TELL, 2, ...keys, keptMs, ...values));
      }
    },
    async hear(since) {
      const answer = await redis.attempt(name, (client) => client.eval(HEAR, 2, ...keys, since));
      const [now, ...pairs] = answer as [string, ...string[]];
      const items: News[] = [];
      for (let at = 0; at < pairs.length; at += 2) items.push({ id: pairs[at] ?? "", body: pairs[at + 1] ?? "" });
      return { items, next: Number(now) };
    },
  };
}
