import type { FlagEvidence } from "../engine/engine.ts";
import type { ScoreRow, Trace, TraceEnd, TraceHead, TraceSample } from "./trace.ts";

/** Flagged and sampled generations. Every promise resolves only when the change is on disk. */
export interface TraceStore {
  /** Writes an `open` trace with its first evidence. A second call with the same id throws. */
  open(head: TraceHead, evidence: FlagEvidence): Promise<void>;
  /** Adds evidence of a later finding to an open trace. */
  append(id: string, evidence: FlagEvidence): Promise<void>;
  /** Completes an open trace; `interrupted` when the client left or the engine died. */
  close(id: string, end: TraceEnd, state: "complete" | "interrupted"): Promise<void>;
  /** Turns every `open` row into `interrupted`, and returns how many there were. Called once at start. */
  interruptOpen(): Promise<number>;
  markQueued(id: string): Promise<void>;
  /** Ids of closed traces that no review item was made of yet, oldest first. */
  listUnqueued(limit: number): Promise<string[]>;
  get(id: string): Promise<Trace | undefined>;
  /** Writes a whole, closed trace of a reply that nothing flagged. A second call with the same id changes nothing. */
  addSample(head: TraceHead, end: TraceEnd, sample: TraceSample): Promise<void>;
}

/** What a person decided. */
export const VERDICTS = ["true_positive", "false_positive", "unsure", "escalate"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Whose turn it was: anyone, a second reviewer, or a lead. */
export type OpinionStage = "first" | "second" | "escalated";

/** One verdict on one trace, or its withdrawal. Append-only: a later one for the same trace supersedes an earlier one. */
export interface ReviewDecision {
  /** `de_` and 32 hex digits. */
  readonly id: string;
  readonly traceId: string;
  readonly verdict: Verdict | "withdrawn";
  readonly reviewer: string;
  readonly note: string;
  /** Milliseconds since 1970. */
  readonly decidedAt: number;
  /** What the reviewer was asked about. */
  readonly detector: string;
  readonly stage: OpinionStage;
  /** Whether scores and action were hidden while it was given. */
  readonly blind: boolean;
  /** Where the item went with it; absent from withdrawals, and from verdicts that were given before this was kept. */
  readonly next?: NextStep;
}

/** Where an item goes after a verdict: it is done, or another person looks at it. */
export type NextStep = "decided" | "second" | "escalated";

/** The record of verdicts: the truth, of which the queue is a hint. */
export interface DecisionStore {
  /** Idempotent by id. */
  add(decision: ReviewDecision): Promise<void>;
  /** Every verdict on one trace and every withdrawal, oldest first. */
  list(traceId: string): Promise<ReviewDecision[]>;
  /** The verdict that counts now; undefined when the last one was withdrawn. */
  latest(traceId: string): Promise<ReviewDecision | undefined>;
  /** How many traces stand at each verdict now; superseded and withdrawn verdicts are not counted. */
  count(): Promise<Record<Verdict, number>>;
  /** Decisions after a place in the log, oldest first: `sequence` is the place of each. Starts after 0. */
  page(after: number, limit: number): Promise<{ readonly sequence: number; readonly decision: ReviewDecision }[]>;
}

/** What the re-read of a trace made, as JSON of `enrichment/`; one for each trace, the last one counts. */
export interface EnrichmentStore {
  put(traceId: string, madeAt: number, body: string): Promise<void>;
  get(traceId: string): Promise<string | undefined>;
}

/** Something a person or the console did: `login`, `claim`, `decide`, `undo`, `escalate`, `threshold`, … */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor: string;
  readonly event: string;
  /** Null where it is about no single trace. */
  readonly traceId: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Append-only; every entry's hash covers the one before, so that a changed or missing one shows. */
export interface AuditLog {
  add(entry: AuditEntry): Promise<void>;
  /** Newest first. `before` is a sequence. */
  list(options: {
    readonly limit: number;
    readonly before?: number;
    readonly traceId?: string;
  }): Promise<{ readonly sequence: number; readonly entry: AuditEntry }[]>;
  /** The sequence of the first entry whose hash does not fit; undefined when the chain holds. */
  verify(): Promise<number | undefined>;
}

/** A score row and the gateway that it was copied from; null for one of this gateway's own. */
export interface FoundScoreRow {
  readonly row: ScoreRow;
  readonly origin: string | null;
}

/** The rows of a request, or of a trace. */
export type ScoreQuery = ({ readonly requestId: string } | { readonly traceId: string }) & { readonly limit: number };

/** One line for every reply. */
export interface ScoreLog {
  add(row: ScoreRow): Promise<void>;
  /** Newest first. */
  list(options: { readonly limit: number; readonly since?: number }): Promise<ScoreRow[]>;
  count(): Promise<number>;
  /** Newest first. */
  find(query: ScoreQuery): Promise<FoundScoreRow[]>;
}
