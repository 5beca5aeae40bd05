import type { Outbox } from "../trace/outbox.ts";
import type { DecisionStore } from "../trace/stores.ts";
import type { DeliveryParts } from "./delivery.ts";
import { isFlood, type QueuedItem, type ReviewItem, type ReviewQueue } from "./queue.ts";

/** A queue, and what this gateway remembers of it. */
export interface RememberedParts {
  readonly queue: ReviewQueue;
  readonly outbox: Pick<Outbox, "find" | "belonging">;
  readonly decisions: Pick<DecisionStore, "list">;
  readonly placeOf: DeliveryParts["placeOf"];
}

/**
 * The queue with the decided items that it has let go of, as far as they are this gateway's: they are found by their ids and can
 * be opened again. Lists and counts are of what the queue holds.
 */
export function rememberDecided({ queue, outbox, decisions, placeOf }: RememberedParts): ReviewQueue {
  const placeNow = async (traceId: string) => placeOf(await decisions.list(traceId));

  async function recall(traceId: string): Promise<QueuedItem | undefined> {
    const row = outbox.find("item", traceId);
    if (row?.item !== traceId) return undefined;
    const { state, stage, excluded } = await placeNow(traceId);
    if (state !== "decided") return undefined;
    const count = outbox.belonging(traceId).length;
    return {
      ...(JSON.parse(row.body) as ReviewItem),
      state,
      stage,
      excluded,
      claimedBy: null,
      leaseUntil: null,
      count,
    };
  }
  return {
    ...queue,
    get: async (traceId) => (await queue.get(traceId)) ?? recall(traceId),
    async itemOf(traceId) {
      const known = await queue.itemOf(traceId);
      const owner = known ?? outbox.find("item", traceId)?.item ?? undefined;
      if (known !== undefined || owner === undefined) return known;
      return (await placeNow(owner)).state === "decided" ? owner : undefined;
    },
    async joined(traceIds) {
      const known = await queue.joined(traceIds);
      for (const traceId of traceIds) {
        const row = known.has(traceId) ? undefined : outbox.find("item", traceId);
        if (row === undefined || row.item === null || row.item === traceId) continue;
        known.set(traceId, { item: row.item, alike: !isFlood(JSON.parse(row.body) as ReviewItem) });
      }
      return known;
    },
    async members(traceId, limit) {
      const known = await queue.members(traceId, limit);
      return known.length > 0 ? known : outbox.belonging(traceId).slice(0, Math.max(0, limit));
    },
    async reopen(traceId, next) {
      const lost = (await queue.get(traceId)) === undefined ? await recall(traceId) : undefined;
      if (lost === undefined) await queue.reopen(traceId, next);
      else await queue.enqueue(lost, { item: traceId, next });
    },
  };
}
