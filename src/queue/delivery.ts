import type { Delivered } from "../trace/pump.ts";
import type { OutboxRow } from "../trace/outbox.ts";
import type { ReviewDecision } from "../trace/stores.ts";
import { isFlood, type Enqueued, type PassOn, type ReviewItem, type ReviewQueue } from "./queue.ts";

/** Where an item stands by what was said of it: nobody has judged it, it waits for another opinion, or its case is closed. */
export interface ItemPlace extends PassOn {
  readonly state: "unjudged" | "judged" | "decided";
}

/** What a delivery to the review queue works with. */
export interface DeliveryParts {
  readonly queue: ReviewQueue;
  /** Everything that was said of a trace at any gateway, oldest first. Throws where that is not known. */
  readonly decisionsOn: (traceId: string) => Promise<readonly ReviewDecision[]>;
  readonly placeOf: (decisions: readonly ReviewDecision[]) => ItemPlace;
  /** Shows others the trace before its item is there. */
  readonly shareTrace?: (traceId: string) => Promise<void>;
  /** Told of each trace that got an item of its own, at least once, before its delivery counts. */
  readonly onAdded?: (traceId: string) => Promise<void>;
  readonly onJoined?: (reason: "repeated" | "flood") => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const LEASE_MS = 60_000;
/** Claims in its name finish what is decided; no reviewer can have it. */
const GATEWAY = "";
/** How often a trace looks for the item that it belonged to, and how long it waits for the gateway that has it. */
const [LOOK_MS, PATIENCE_MS] = [5_000, 600_000];

/** Delivers the rows of kind `item`. */
export function createItemDelivery(parts: DeliveryParts): (row: OutboxRow) => Promise<Delivered> {
  const redeliver = createRedelivery(parts);
  return async (row) => {
    const item = JSON.parse(row.body) as ReviewItem;
    if (row.epoch !== null) return redeliver(item, row.item ?? item.traceId);
    await parts.shareTrace?.(item.traceId);
    const outcome = await parts.queue.enqueue(item);
    await tellFirst(parts, item, outcome);
    return toItem(parts, item, outcome);
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

async function toItem({ queue }: DeliveryParts, { traceId }: ReviewItem, outcome: Enqueued): Promise<Delivered> {
  if (outcome === "added") return { item: traceId };
  const joined = await queue.itemOf(traceId);
  if (joined === undefined) throw new Error(`the item that ${traceId} joined was deleted meanwhile`);
  return { item: joined };
}

type Redeliver = (item: ReviewItem, owner: string) => Promise<Delivered>;

/** Brings a trace back to a queue that lost it, or may have: to the stage that its item was in, so that nobody is asked twice. */
function createRedelivery(parts: DeliveryParts): Redeliver {
  const { queue, decisionsOn, placeOf } = parts;
  const patience = createPatience(parts.clock ?? Date.now);

  async function bringItem(item: ReviewItem): Promise<Delivered> {
    const { traceId } = item;
    const said = await decisionsOn(traceId);
    await parts.shareTrace?.(traceId);
    if (said.length === 0) return admit(parts, item);
    const place = placeOf(said);
    const { stage, excluded } = place;
    const outcome = await queue.enqueue(item, { item: traceId, next: { stage, excluded } });
    if (outcome === "added" && place.state === "decided") await finish(queue, traceId);
    else if (outcome === "added") await parts.onAdded?.(traceId);
    // It was decided by a verdict that is taken back.
    else if (place.state !== "decided" && (await queue.get(traceId))?.state === "decided")
      await queue.reopen(traceId, { stage, excluded });
    return toItem(parts, item, outcome);
  }

  /** A trace that had joined another's item, which another gateway may have to bring first. */
  async function bringMember(item: ReviewItem, owner: string): Promise<Delivered> {
    if (patience.rests(owner)) return { later: true };
    const { state } = placeOf(await decisionsOn(owner));
    const isThere = (await queue.get(owner)) !== undefined;
    if (!isThere && state === "decided") return { item: owner };
    if (!isThere && state === "judged" && patience.waits(owner)) return { later: true };
    patience.end(owner);
    await parts.shareTrace?.(item.traceId);
    return admit(parts, item, owner);
  }
  return (item, owner) => (owner === item.traceId ? bringItem(item) : bringMember(item, owner));
}

async function admit(parts: DeliveryParts, item: ReviewItem, owner?: string): Promise<Delivered> {
  const outcome = await parts.queue.enqueue(item, owner === undefined ? undefined : { item: owner });
  if (outcome === "added") await parts.onAdded?.(item.traceId);
  return toItem(parts, item, outcome);
}

/** The item is there again as decided. */
async function finish(queue: ReviewQueue, traceId: string): Promise<void> {
  const claim = await queue.claim({ traceId, reviewer: GATEWAY, leaseMs: LEASE_MS });
  if (claim !== undefined) await queue.decide(traceId, claim.token);
}

/** For how long traces wait for an item. A gateway that is gone for good must not keep them from their reviewers. */
function createPatience(clock: () => number) {
  const waiting = new Map<string, { readonly since: number; lookedAt: number }>();
  return {
    /** Whether an item was looked for just now. */
    rests: (owner: string) => clock() - (waiting.get(owner)?.lookedAt ?? Number.NEGATIVE_INFINITY) < LOOK_MS,
    waits(owner: string): boolean {
      const known = waiting.get(owner) ?? { since: clock(), lookedAt: 0 };
      known.lookedAt = clock();
      waiting.set(owner, known);
      return clock() - known.since < PATIENCE_MS;
    },
    end: (owner: string) => void waiting.delete(owner),
  };
}
