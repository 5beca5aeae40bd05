import type { FlagEvidence } from "../engine/engine.ts";
import type { ScoreRow, Trace, TraceEnd, TraceHead } from "./trace.ts";

/** Flagged generations. Every promise resolves only when the change is on disk. */
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
}

/** What a person decided. */
export const VERDICTS = ["true_positive", "false_positive", "unsure", "escalate"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One verdict on one trace. Append-only: a later one for the same trace supersedes an earlier one. */
export interface ReviewDecision {
  readonly traceId: string;
  readonly verdict: Verdict;
  readonly reviewer: string;
  readonly note: string;
  readonly decidedAt: number;
}

/** The record of verdicts: the truth, of which the queue is a hint. */
export interface DecisionStore {
  add(decision: ReviewDecision): Promise<void>;
  /** Every verdict on one trace, oldest first. */
  list(traceId: string): Promise<ReviewDecision[]>;
  /** The verdict that counts now. */
  latest(traceId: string): Promise<ReviewDecision | undefined>;
  /** How many traces stand at each verdict now; superseded verdicts are not counted. */
  count(): Promise<Record<Verdict, number>>;
}

/** One line for every reply. */
export interface ScoreLog {
  add(row: ScoreRow): Promise<void>;
  /** Newest first. */
  list(options: { readonly limit: number; readonly since?: number }): Promise<ScoreRow[]>;
  count(): Promise<number>;
}
