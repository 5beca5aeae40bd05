import type { ReviewConfig } from "../config/review-config.ts";
import type { Logger } from "../log.ts";
import type { ReviewQueue } from "../queue/queue.ts";
import type { Database } from "../trace/database.ts";
import type { AuditEntry, AuditLog, DecisionStore, EnrichmentStore, TraceStore } from "../trace/stores.ts";
import type { Override } from "../trace/override-store.ts";
import type { SharedTrail } from "../trace/shared-trail.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { Summaries } from "./item-summary.ts";
import type { Notes, NoteSealing } from "./notes.ts";
import type { RequestFinder } from "./request-finder.ts";
import type { OverrideWish } from "./overriding.ts";
import type { ReviewStats, StatsFeed } from "./stats-feed.ts";
import type { Verdicts } from "./verdicts.ts";

/** What the review API reads and writes. Routes of parts that are absent answer `not_found`. */
export interface ReviewParts {
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  readonly audit: AuditLog;
  /** The audit logs of all gateways of the desk. */
  readonly trail?: SharedTrail;
  readonly enrichments: EnrichmentStore;
  /** Where sessions are kept. */
  readonly database: Database;
  /** Its reviewers are looked up at every use: they may change while the console runs. */
  readonly settings: Pick<ReviewConfig, "reviewers" | "sessionMs" | "leaseMs" | "secondOpinion" | "blind">;
  /** The loaded detectors' own words by id: the question a reviewer is asked. Looked up at every use. */
  readonly descriptions: Readonly<Record<string, string>>;
  readonly log: Pick<Logger, "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Flagged traces on their way to the queue. */
  readonly outbox?: () => Promise<NonNullable<ReviewStats["outbox"]>>;
  /** Precision, recall, agreement and throughput. */
  readonly statistics?: () => Promise<object>;
  readonly proposals?: ProposalBook;
  /** Takes traces out for good, with who and why in the audit log. */
  readonly erasing?: {
    erase(request: { readonly traceId: string; readonly actor: string; readonly reason: string }): Promise<void>;
  };
  /** Finds the runs of a request, flagged or not. */
  readonly finder?: RequestFinder;
  /** Every request as it goes, for leads. */
  readonly live?: LiveFeed;
  /** Notes on a trace in the audit logs of other gateways. */
  readonly notesElsewhere?: (traceId: string) => Promise<readonly AuditEntry[]>;
  /** Whatever of the policies is loosened now. */
  readonly overrides?: () => readonly Override[];
  /** What loosens them, and takes that back. */
  readonly braking?: Braking;
  /** How often a stream of them looks its session up, in milliseconds. */
  readonly liveCheckMs?: number;
  /** How notes are kept at rest. */
  readonly noteSealing?: NoteSealing;
  /** Ends the streams of counts when the console closes. */
  readonly closing?: AbortSignal;
}

/** Thresholds that the verdicts suggest. */
export interface ProposalBook {
  /** For a share of false alarms, 0 to 1. */
  list(rate: number): Promise<readonly object[]>;
  /** Writes a threshold into the detector's definition. */
  write(change: ThresholdChange): Promise<object>;
}

/** Sets and ends overrides, each with who and why in the audit log. */
export interface Braking {
  /** The detectors and combinations that the policies run. */
  names(): readonly string[];
  set(wish: OverrideWish): Promise<Override>;
  /** Answers with the one that was ended; undefined where it is not there. */
  end(id: string, reviewer: string): Promise<Override | undefined>;
}

/** Who sets which threshold, and for which rate of false alarms. */
export interface ThresholdChange {
  readonly detector: string;
  readonly rate: number;
  readonly threshold: number;
  readonly reviewer: string;
}

/** The parts with what is made of them: what the routes work with. */
export interface DeskParts extends ReviewParts {
  readonly clock: () => number;
  readonly verdicts: Verdicts;
  readonly notes: Notes;
  readonly summaries: Summaries;
  readonly feed: StatsFeed;
}
