import type { Delivered } from "../trace/pump.ts";
import type { OutboxRow } from "../trace/outbox.ts";
import type { DecisionStore } from "../trace/stores.ts";
import { isFlood } from "./item-maker.ts";
import type { Enqueued, ReviewItem, ReviewQueue } from "./queue.ts";

/** What a delivery to the review queue works with. */
export interface DeliveryParts {
  readonly queue: ReviewQueue;
  readonly decisions: Pick<DecisionStore, "latest">;
  /** Shows others the trace before its item is there. */
  readonly shareTrace?: (traceId: string) => Promise<void>;
  /** Told of each trace that got an item of its own, at least once, before its delivery counts. */
  readonly onAdded?: (traceId: string) => Promise<void>;
  readonly onJoined?: (reason: "repeated" | "flood") => void;
}

const LEASE_MS = 60_000;
/** Claims in its name finish what is decided; no reviewer can have it. */
const GATEWAY = "";

/** Delivers the rows of kind `item`. */
export function createItemDelivery(parts: DeliveryParts): (row: OutboxRow) => Promise<Delivered> {
  const { queue } = parts;
  return async (row) => {
    const item = JSON.parse(row.body) as ReviewItem;
    const { traceId } = item;
    await parts.shareTrace?.(traceId);
    const outcome = await queue.enqueue(item);
    if (row.epoch === null) await tellFirst(parts, item, outcome);
    else if (outcome === "added") await finishDecided(parts, traceId);
    if (outcome === "added") return { item: traceId };
    const joined = await queue.itemOf(traceId);
    if (joined === undefined) throw new Error(`the item that ${traceId} joined was deleted meanwhile`);
    return { item: joined };
  };
}

/** Tells what a trace became that was delivered for the first time. */
export async function tellFirst(
  parts: Pick<DeliveryParts, "onAdded" | "onJoined">,
  item: ReviewItem,
  outcome: Enqueued,
): Promise<void> {
  if (outcome === "joined") parts.onJoined?.(isFlood(item) ? "flood" : "repeated");
  // A process may have died after `added`, so `known` is told, too.
  else await parts.onAdded?.(item.traceId);
}

/** The queue lost an item that has its verdict: it is there again as decided, and nobody is asked twice. */
async function finishDecided({ queue, decisions, onAdded }: DeliveryParts, traceId: string): Promise<void> {
  const latest = await decisions.latest(traceId);
  if (latest === undefined) await onAdded?.(traceId);
  if (latest === undefined || latest.verdict === "escalate") return;
  const claim = await queue.claim({ traceId, reviewer: GATEWAY, leaseMs: LEASE_MS });
  if (claim !== undefined) await queue.decide(traceId, claim.token);
}
