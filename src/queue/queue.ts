/** What waits for a person. The trace holds the rest. */
export interface ReviewItem {
  readonly traceId: string;
  readonly detector: string;
  /** The action of the decision that flagged it. */
  readonly action: string;
  readonly score: number | null;
  readonly threshold: number | null;
  /** 1 is looked at first, 1,000,000 last. */
  readonly priority: number;
  readonly createdAt: number;
}

/** An item with its place in the queue. */
export interface QueuedItem extends ReviewItem {
  readonly state: "waiting" | "claimed" | "decided";
  readonly claimedBy: string | null;
  /** Milliseconds since 1970; null unless claimed. */
  readonly leaseUntil: number | null;
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
  readonly oldestWaitingMs: number;
  /** Leases that ran out since the queue was made. */
  readonly leasesExpired: number;
}

/** The review queue: seven verbs and `enqueue`. Lost leases throw `GatewayError` `conflict`. */
export interface ReviewQueue {
  /** Idempotent by trace id: a second call changes nothing and says false. */
  enqueue(item: ReviewItem): Promise<boolean>;
  /** The next item by priority, then age; or the named one when it waits. Undefined when none does. */
  claim(options: {
    readonly reviewer: string;
    readonly leaseMs: number;
    readonly traceId?: string;
  }): Promise<Claim | undefined>;
  /** Extends the lease and returns its new end. */
  heartbeat(traceId: string, token: string, leaseMs: number): Promise<number>;
  release(traceId: string, token: string): Promise<void>;
  /** Marks the item decided. The verdict itself is in the `DecisionStore`, written first. */
  decide(traceId: string, token: string): Promise<void>;
  get(traceId: string): Promise<QueuedItem | undefined>;
  list(options: {
    readonly state?: QueuedItem["state"];
    readonly limit: number;
    readonly offset?: number;
  }): Promise<QueuedItem[]>;
  stats(): Promise<QueueStats>;
  close(): Promise<void>;
}
