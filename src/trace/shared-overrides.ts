import type { Logger } from "../log.ts";
import { createFirstTimes } from "./first-times.ts";
import type { RedisHandle } from "./redis.ts";
import type { Sealing } from "./sealing.ts";
import { createSharedNews, type Heard } from "./shared-news.ts";

/** An override, or the end of one, as it is told: any JSON under an id of its own. Whoever hears it checks it. */
export interface OverrideNews {
  readonly id: string;
  readonly body: unknown;
}

/** How gateways with one Redis hear of each other's overrides. Calls throw `GatewayError` `review_unavailable`. */
export interface SharedOverrides {
  tell(news: readonly OverrideNews[]): Promise<void>;
  /** What was told at a moment or after it; what does not open is left out, and told of once. */
  hear(since: number): Promise<Heard<OverrideNews>>;
}

/** Longer than any override lasts. */
const KEPT_MS = 8 * 86_400_000;

/** Sealed bodies in `PREFIX:shared:overrides:bodies`, each to its id. */
export function createSharedOverrides(
  redis: RedisHandle,
  sealing: Sealing,
  log: Pick<Logger, "error">,
): SharedOverrides {
  const news = createSharedNews(redis, { name: "overrides", keptMs: KEPT_MS });
  const contextOf = (id: string) => `shared override ${id}`;
  const isFirst = createFirstTimes();

  function open(id: string, sealed: string): OverrideNews[] {
    try {
      return [{ id, body: JSON.parse(sealing.open(sealed, contextOf(id))) }];
    } catch (error) {
      if (isFirst(id))
        log.error({ err: error }, "an override in Redis was not written by a gateway with this key; it is passed over");
      return [];
    }
  }
  return {
    tell: (all) =>
      news.tell(all.map(({ id, body }) => ({ id, body: sealing.seal(JSON.stringify(body), contextOf(id)) }))),
    async hear(since) {
      const { items, next } = await news.hear(since);
      return { items: items.flatMap(({ id, body }) => open(id, body)), next };
    },
  };
}
