import type { EndReason, FlagEvidence } from "../engine/engine.ts";
import type { Decision } from "../decide/policy.ts";
import type { DetectorScore } from "../detect/finding.ts";

/** One turn of a conversation; a plain prompt is one turn with role `prompt`. */
export interface Turn {
  readonly role: string;
  readonly content: string;
}

/** Who asked for what, under which model and policy: known before the first token. */
export interface TraceHead {
  /** `tr_` and 32 hex digits. */
  readonly id: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly endpoint: "chat" | "completions" | "scan";
  readonly model: { readonly name: string; readonly sha256: string; readonly precision: string };
  readonly policy: string;
  readonly mode: "enforce" | "monitor";
  readonly conversation: readonly Turn[];
  /** Id of the API key's configuration entry, never the key; null without keys. */
  readonly keyId: string | null;
  /** Definition hash of every detector that ran. */
  readonly detectorHashes: Readonly<Record<string, string>>;
  /** Length of the prompt: the position of the first generated token. The recorder adds it when the run has told. */
  readonly promptTokens?: number;
  /** Tokens that the reply was allowed; absent in traces from before it was kept. */
  readonly maxTokens?: number;
  /** What was taken out of the conversation before it was stored; absent where nothing was. */
  readonly redacted?: {
    readonly names: readonly string[];
    /** A keyed hash of the conversation as it was. */
    readonly digest: string;
  };
}

/** What the end of a run adds to an open trace. */
export interface TraceEnd {
  readonly endedAt: number;
  readonly reason: EndReason;
  readonly decision: Decision;
  readonly promptTokens: number;
  readonly releasedTokens: number;
  readonly generated: readonly { readonly id: number; readonly text: string }[];
  readonly scores: readonly DetectorScore[];
}

/** The stratum a sampled reply was drawn from, and the probability with which this reply and this detector were drawn. */
export interface SampleDraw {
  readonly stratum: "clear" | "near";
  /** 0 (exclusive) to 1. */
  readonly probability: number;
}

/** Why a reply that nothing flagged is looked at: the detector that a reviewer is asked about, and how it was drawn. */
export interface TraceSample extends SampleDraw {
  readonly detector: string;
  /** The detector's largest score over the reply, and its threshold. */
  readonly score: number | null;
  readonly threshold: number | null;
}

/** The record of one flagged or sampled generation. `open` until its end is known; an `open` row found at start becomes `interrupted`. */
export interface Trace {
  readonly head: TraceHead;
  readonly state: "open" | "complete" | "interrupted";
  /** One entry a flagging finding, in order; the first is why the trace exists. Empty for a sampled reply. */
  readonly evidence: readonly FlagEvidence[];
  readonly end: TraceEnd | null;
  /** Whether a review item has been made of it. */
  readonly queued: boolean;
  /** Null for a flagged generation. */
  readonly sample: TraceSample | null;
}

/**
 * How replies were drawn for review when this one ended: what weighs the verdicts later. A reply that nothing flagged was kept for one of its judged detectors
 * with the stratum's share divided by their number.
 */
export interface RowSampling {
  /** Shares of clear replies and of near ones, 0 to 1. */
  readonly clear: number;
  readonly near: number;
  /** Detectors that were near; the other judged ones were clear. Empty for a flagged reply. */
  readonly nearDetectors: readonly string[];
  /** The detector that a reviewer is asked about; null where the reply was not kept. */
  readonly drawn: string | null;
}

/** One line for every reply, flagged or not. No text. */
export interface ScoreRow {
  readonly requestId: string;
  /** The trace that this reply has or would have had; absent in rows of before. */
  readonly traceId?: string;
  /** Absent where replies were not drawn: sampling was off, or nothing of the reply was judged to its end. */
  readonly sampling?: RowSampling;
  /** When the run ended, milliseconds since 1970. */
  readonly createdAt: number;
  readonly policy: string;
  readonly model: string;
  readonly reason: EndReason;
  readonly flagged: boolean;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Tokens that the reply was allowed; absent in rows from before it was kept. */
  readonly maxTokens?: number;
  readonly scores: readonly DetectorScore[];
}
