import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { createEmbeddedQueue, type EmbeddedQueue } from "../queue/embedded.ts";
import type { JobCounts } from "../queue/job-counts.ts";
import type { DeliveryParts } from "../queue/delivery.ts";
import type { ReviewQueue } from "../queue/queue.ts";
import { createLocalWorkQueue, type WorkQueue } from "../queue/work-queue.ts";
import type { OutboxRow } from "../trace/outbox.ts";
import type { Delivered, PumpStep } from "../trace/pump.ts";
import type { SharedErasures } from "../trace/shared-erasures.ts";
import type { SharedOverrides } from "../trace/shared-overrides.ts";
import type { SharedTrail } from "../trace/shared-trail.ts";
import type { AuditEntry, AuditLog, DecisionStore, EnrichmentStore, ScoreLog, TraceStore } from "../trace/stores.ts";
import { listUnreadTraces } from "../trace/unread-traces.ts";
import type { LocalStores } from "./local-stores.ts";
import { openSharedDesk } from "./shared-desk.ts";

/** Whether the queue answers, and since when that is so (milliseconds since 1970). */
export interface Reach {
  readonly reachable: boolean;
  readonly since: number;
}

/** The queue and the stores as reviewers of every gateway see them, and the way there. */
export interface Desk {
  readonly queue: ReviewQueue;
  /** What is there of it, without what this gateway remembers. */
  readonly bareQueue: ReviewQueue;
  readonly work: WorkQueue;
  /** What the queue's own library counts, where it counts. */
  readonly jobCounts?: () => Promise<readonly JobCounts[]>;
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly enrichments: EnrichmentStore;
  readonly scores: ScoreLog;
  readonly audit: AuditLog;
  /** The audit logs of all gateways; absent where there are no others. */
  readonly trail?: SharedTrail;
  /** Where the queue lies in the state folder: delivers as a part of the transaction that notes the item. */
  readonly place?: EmbeddedQueue["place"];
  /** Notes on a trace that other gateways' audit logs have; none while they cannot be reached. */
  readonly notesElsewhere: (traceId: string) => Promise<readonly AuditEntry[]>;
  readonly epoch: () => Promise<string>;
  /** Everything that was said of a trace at any gateway; throws where that cannot be known. */
  readonly decisionsOn: DecisionStore["list"];
  readonly shareTrace?: (traceId: string) => Promise<void>;
  readonly shareEnrichment: (row: OutboxRow) => Promise<Delivered>;
  /** What was shared of these traces is needed no longer. */
  readonly letGo: (traceIds: readonly string[]) => Promise<void>;
  /** Takes a trace out of the queue, and away from everyone whom it was shown. */
  readonly forget: (traceId: string) => Promise<void>;
  /** How others hear of what was deleted; absent where there are no others. */
  readonly erasures?: SharedErasures;
  /** How others hear of overrides; absent where there are no others. */
  readonly overrides?: SharedOverrides;
  /** Others keep none of this gateway's score rows before a place. */
  readonly trimScores: (firstKept: number) => Promise<void>;
  readonly steps: readonly PumpStep[];
  reach(): Reach;
  /** Resolves when the queue answers, or after a few seconds. */
  reached(): Promise<void>;
  /** Calls when there is something to send that is no flagged trace. */
  onWork(listener: () => void): void;
  /** Calls whenever the queue answers again. */
  onReady(listener: () => void): void;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly config: Pick<Config, "queue">;
  readonly local: LocalStores;
  readonly log: Logger;
  readonly placeOf: DeliveryParts["placeOf"];
  /** How long a decided item stays in a shared queue. */
  readonly keepMs: () => number;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onFailure: (operation: string) => void;
}

/** Opens the desk that the configuration names. */
export function openDesk(options: DeskOptions): Desk {
  return options.config.queue.driver === "bullmq" ? openSharedDesk(options) : openEmbeddedDesk(options.local);
}

/** What a start takes up again of re-reads that were not done. */
const MOST_UNREAD = 1_000;

/** The one state that the embedded queue has: it is lost with the outbox or not at all. */
export const EMBEDDED = "embedded";

/** Everything in the state folder. */
function openEmbeddedDesk({ database, traces, decisions, enrichments, scores, audit }: LocalStores): Desk {
  const openedAt = Date.now();
  const queue = createEmbeddedQueue({ database });
  const work = createLocalWorkQueue({ refill: async () => listUnreadTraces(database, MOST_UNREAD) });
  return {
    traces,
    decisions,
    enrichments,
    scores,
    audit,
    steps: [],
    notesElsewhere: async () => [],
    queue,
    bareQueue: queue,
    place: queue.place,
    work,
    epoch: async () => EMBEDDED,
    decisionsOn: decisions.list,
    shareEnrichment: async () => ({}),
    letGo: async () => undefined,
    forget: (traceId) => queue.remove(traceId),
    trimScores: async () => undefined,
    reach: () => ({ reachable: true, since: openedAt }),
    reached: async () => undefined,
    onWork: () => undefined,
    onReady: () => undefined,
    close: () => work.close(),
  };
}
