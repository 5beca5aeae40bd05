import type { RedisHandle } from "./redis.ts";
import { createSharedNews, type Heard } from "./shared-news.ts";

/** How gateways with one Redis hear what each of them has deleted. Calls throw `GatewayError` `review_unavailable`. */
export interface SharedErasures {
  tell(traceIds: readonly string[]): Promise<void>;
  /** Traces that were told of at a moment or after it (milliseconds of the clock of Redis). */
  hear(since: number): Promise<Heard<string>>;
}

/** Everyone has heard of it by then, or has lost what it was about. */
export const TOLD_MS = 90 * 86_400_000;

/** A sorted set `PREFIX:shared:erasures` of ids alone. */
export function createSharedErasures(redis: RedisHandle): SharedErasures {
  const news = createSharedNews(redis, { name: "erasures", keptMs: TOLD_MS });
  return {
    tell: (traceIds) => news.tell(traceIds.map((id) => ({ id, body: "" }))),
    async hear(since) {
      const { items, next } = await news.hear(since);
      return { items: items.map(({ id }) => id), next };
    },
  };
}
