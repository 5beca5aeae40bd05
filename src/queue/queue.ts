import type { SampleDraw } from "../trace/trace.ts";

/** What waits for a person. No text of a request or a model: the trace holds the rest. */
export interface ReviewItem {
  readonly traceId: string;
  /** What the reviewer is asked about. */
  readonly detector: string;
  /** The action of the decision that flagged it; `sample` for a reply that nothing flagged. */
  readonly action: string;
  readonly score: number | null;
  readonly threshold: number | null;
  /** 1 is looked at first, 1,000,000 last. */
  readonly priority: number;
  readonly createdAt: number;
  /** Name of the model. */
  readonly model: string;
  /** Id of the API key's configuration entry; null without keys. */
  readonly keyId: string | null;
  /** Traces with the same value join one item until it is decided: an HMAC of the text up to the firing and the detector. */
  readonly repetition: string;
  /** Shown without scores and action until it is decided. */
  readonly blind: boolean;
  /** How a reply that nothing flagged was drawn; null for a flagged one. Never shown before the verdict. */
  readonly sample: SampleDraw | null;
}

/** `dead`: abandoned so often that no one gets it any more unless it is revived. */
export const ITEM_STATES = ["waiting", "claimed", "decided", "dead"] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** Whose turn it is: anyone, a second reviewer, or a lead. */
export const ITEM_STAGES = ["first", "second", "escalated"] as const;
export type ItemStage = (typeof ITEM_STAGES)[number];

/** An item with its place in the queue. */
export interface QueuedItem extends ReviewItem {
  readonly state: ItemState;
  readonly stage: ItemStage;
  /** Reviewers who may not claim it: they gave an opinion already. */
  readonly excluded: readonly string[];
  readonly claimedBy: string | null;
  /** Milliseconds since 1970; null unless claimed. */
  readonly leaseUntil: number | null;
  /** How many traces it stands for, its own included. */
  readonly count: number;
}

/** A claim: the token proves it, and a claimant whose lease ran out fails on every verb. */
export interface Claim {
  readonly item: QueuedItem;
  readonly token: string;
  readonly leaseUntil: number;
}

/** Counts by state, and the age of the oldest waiting item in milliseconds (0 when none waits). */
export interface QueueStats {
  readonly waiting: number;
  readonly claimed: number;
  readonly decided: number;
  readonly dead: number;
  readonly oldestWaitingMs: number;
  /** Leases that ran out since the queue was made. */
  readonly leasesExpired: number;
}

/** What a new trace became: an item of its own, one more of an undecided item, or nothing new. */
export type Enqueued = "added" | "joined" | "known";

/** What to claim: the most urgent item that fits, or the named one when it waits. */
export interface ClaimRequest {
  readonly reviewer: string;
  readonly leaseMs: number;
  readonly traceId?: string;
  /** Only these detectors; all when absent. */
  readonly detectors?: readonly string[];
  /** Only these stages: all but `escalated` when absent and no item is named. */
  readonly stages?: readonly ItemStage[];
}

/** Which items to list. Fields that are absent do not filter. */
export interface ItemFilter {
  readonly state?: ItemState;
  readonly stage?: ItemStage;
  readonly detector?: string;
  readonly action?: string;
  readonly model?: string;
  /** Only items created at this time or before, milliseconds since 1970. */
  readonly createdBefore?: number;
}

/** Where an item goes on instead of being decided. */
export interface PassOn {
  readonly stage: ItemStage;
  /** Replaces the reviewers who may not claim it. */
  readonly excluded: readonly string[];
}

/** The item that a trace joined, and whether because they are alike; otherwise they joined since there were too many. */
export interface Joined {
  readonly item: string;
  readonly alike: boolean;
}

/** What a trace was to the queue before the queue lost it. */
export interface Former {
  /** The item that it belonged to. Its own id: it is an item of its own again. Another's: it belongs there if that one is here, whatever its state. */
  readonly item: string;
  /** Where its own item goes on; at the first stage when absent. */
  readonly next?: PassOn;
}

/** An item is given up as dead when its lease has run out this often. */
export const MAX_ABANDONED = 20;

/** Queues in Redis, by the names that BullMQ has for them. */
export const QUEUE_NAMES = ["review", "enrichment"] as const;
/** Where a job can be, in BullMQ's words. A review item that waits is `prioritized`. */
export const JOB_STATES = [
  "active",
  "completed",
  "delayed",
  "failed",
  "prioritized",
  "waiting",
  "waiting-children",
] as const;
const FLOOD = "flood:";

/** The repetition of items that join because there are too many; `digest` says which. */
export function floodOf(digest: string): string {
  return FLOOD + digest;
}

/** Whether items joined because there were too many, and not because they were alike. */
export function isFlood(item: Pick<ReviewItem, "repetition">): boolean {
  return item.repetition.startsWith(FLOOD);
}

/** Why a trace belongs to another's item: it is `alike`, or one of a `flood` with other texts. */
export type JoinReason = "alike" | "flood";

/** Why an item stands for a trace; null where it is the trace's own. */
export function joinReason(item: Pick<ReviewItem, "traceId" | "repetition">, traceId: string): JoinReason | null {
  if (item.traceId === traceId) return null;
  return isFlood(item) ? "flood" : "alike";
}

/** The review queue. Lost leases throw `GatewayError` `conflict`, a queue that cannot be reached `review_unavailable`. */
export interface ReviewQueue {
  /** Idempotent by trace id: of a trace that is known, `former` changes nothing. */
  enqueue(item: ReviewItem, former?: Former): Promise<Enqueued>;
  /** By priority, then age. Undefined when none fits. */
  claim(request: ClaimRequest): Promise<Claim | undefined>;
  /** Extends the lease and returns its new end. */
  heartbeat(traceId: string, token: string, leaseMs: number): Promise<number>;
  release(traceId: string, token: string): Promise<void>;
  /** Gives a claimed item back for another stage. */
  passOn(traceId: string, token: string, next: PassOn): Promise<void>;
  /** Marks the item decided. The verdict itself is in the `DecisionStore`, written first. */
  decide(traceId: string, token: string): Promise<void>;
  /** A decided or dead item waits again. Throws `conflict` when it is neither. */
  reopen(traceId: string, next: PassOn): Promise<void>;
  /**
   * Forgets a trace: its place in another's item, or its own item with any claim on it. Traces that had joined that item belong
   * to none then. An unknown id changes nothing.
   */
  remove(traceId: string): Promise<void>;
  get(traceId: string): Promise<QueuedItem | undefined>;
  /** The item that a trace belongs to: its own, or the one it joined. */
  itemOf(traceId: string): Promise<string | undefined>;
  /** Those of the traces that joined another's item, by trace. */
  joined(traceIds: readonly string[]): Promise<Map<string, Joined>>;
  /** Traces that an item stands for, its own included, oldest first. */
  members(traceId: string, limit: number): Promise<string[]>;
  /** By priority, then age. */
  list(options: ItemFilter & { readonly limit: number; readonly offset?: number }): Promise<QueuedItem[]>;
  stats(): Promise<QueueStats>;
  close(): Promise<void>;
}
