/** Where a position stands. The last prompt position is both: it was read as prompt, and it produced the first token. */
export type Phase = "prompt" | "generation" | "both";

/** A word that made a concept strong, with its share of the concept's mass (0 to 1). */
export interface NamedShare {
  readonly name: string;
  readonly share: number;
}

/** What one detector says after one position. An error is never read as clear. */
export type Finding = ClearFinding | FiredFinding | ErrorFinding;

interface FindingBase {
  readonly detector: string;
  /** Absolute position of the token that was read. */
  readonly position: number;
}

/** The aggregated score stayed below the threshold. */
export interface ClearFinding extends FindingBase {
  readonly verdict: "clear";
  readonly score: number;
}

/** Which of a detector's two thresholds was reached: that for flags, or that for aborts as well. */
export type FiringLevel = "flag" | "abort";

/** The aggregated score reached a threshold at this position. */
export interface FiredFinding extends FindingBase {
  readonly verdict: "fired";
  readonly level: FiringLevel;
  /** Aggregated score, in the detector's own unit. */
  readonly score: number;
  /** The score of this position alone. */
  readonly raw: number;
  /** The threshold of its level. */
  readonly threshold: number;
  /** Natural logarithm of how much likelier this score is where the concept is there; absent where nobody measured it. */
  readonly logRatio?: number;
  readonly phase: Phase;
  /** Vocabulary id and text of the token read there. */
  readonly token: { readonly id: number; readonly text: string };
  /** The tap that scored highest, absent for kinds that read text. */
  readonly tap?: string;
  /** What the detector has in mind, strongest first: the country, the word. */
  readonly names: readonly NamedShare[];
}

/** The detector broke (threw, ran out of time, gave NaN), or once held the engine's thread up for good. */
export interface ErrorFinding extends FindingBase {
  readonly verdict: "error";
  /** Machine word for the `error_type` label. */
  readonly errorType: "threw" | "not_finite" | "timeout" | "stuck";
  readonly message: string;
}

/** One detector's largest score over a reply: what recall estimates and new thresholds are computed from. */
export interface DetectorScore {
  readonly detector: string;
  /** sha256 of the definition as resolved, first 16 hex digits. */
  readonly hash: string;
  /** Largest aggregated score; null when no position was judged. */
  readonly score: number | null;
  readonly position: number | null;
  readonly tap: string | null;
  readonly fired: boolean;
  readonly error: string | null;
}
