/** One position of a picture. */
export interface ShownPosition {
  readonly position: number;
  readonly token: number;
  /** "" where a later token completes the character. */
  readonly text: string;
  /** Whether it had left the gateway; null for the prompt. */
  readonly released: boolean | null;
}

/** What one detector looks for, at every tap. */
export interface Picture {
  readonly detector: string;
  /** `log-odds` of a concept against the background; `score` is what each tap of a probe adds. */
  readonly unit: "log-odds" | "score";
  readonly lens: string;
  /** `[taps][positions]`; null: not read. */
  readonly values: readonly (readonly (number | null)[])[];
  /** The taps that the detector itself reads. */
  readonly liveTaps: readonly string[];
  /** In the picture's unit; null where it has none. */
  readonly threshold: number | null;
}

/** A token of one tap's lens. */
export interface LayerToken {
  readonly id: number;
  readonly text: string;
  /** 0 to 1. */
  readonly probability: number;
}

/** A token by how far its logit lies above its mean at that tap on ordinary text. */
export interface LiftedToken extends LayerToken {
  /** In nats. */
  readonly lift: number;
  /** Share of positions of ordinary text at which its logit is lower, 0 to 100. */
  readonly percentile: number;
}

/** The strongest tokens of one tap at the firing position, strongest first. */
export interface LayerTokens {
  readonly tap: string;
  readonly byProbability: readonly LayerToken[];
  /** Null for a model that ships no averages over ordinary text. */
  readonly byLift: readonly LiftedToken[] | null;
}

/** What one tap of a probe gave at each position to the score at the firing. */
export interface Contribution {
  readonly detector: string;
  readonly tap: string;
  readonly bias: number;
  /** `[positions]`: how much lower the pooled score would be without it; null where the detector did not judge. */
  readonly values: readonly (number | null)[];
}

/** One detector's live score beside that of the re-read. */
export interface RereadScore {
  readonly detector: string;
  readonly position: number;
  readonly live: number | null;
  /** Null where the re-read has none: the definition changed, or it broke. */
  readonly score: number | null;
  readonly threshold: number | null;
  readonly difference: number | null;
  /** Whether the re-read fires where the live run did; null where that did not fire. */
  readonly reproduced: boolean | null;
}

/** What the re-read of a trace with every tap on has shown. The live scores stay the truth. */
export interface Enrichment {
  readonly version: 1;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly tookMs: number;
  readonly model: { readonly name: string; readonly sha256: string; readonly precision: string };
  /** Ascending: at most 64 up to the firing and 8 after it. */
  readonly positions: readonly ShownPosition[];
  /** The first evidence; of a sampled reply the drawn detector's largest score. */
  readonly firing: { readonly position: number; readonly detector: string };
  /** Every tap in the order of computation: `0.attn_out`, `0.resid_mid`, … */
  readonly taps: readonly string[];
  readonly pictures: readonly Picture[];
  readonly layers: readonly LayerTokens[];
  readonly contributions: readonly Contribution[];
  readonly reread: readonly RereadScore[];
  /** What the model would have said next, where the policy allows to ask. */
  readonly continuation: { readonly text: string; readonly tokens: number } | null;
}

/** Why a trace has no enrichment. */
export interface EnrichmentFailure {
  readonly version: 1;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly failed: string;
}

/** A trace cannot be read again as it was; the message is shown to reviewers. */
export class RereadError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RereadError";
  }
}

/** The record of a failure. */
export function failureOf(traceId: string, madeAt: number, failed: string): EnrichmentFailure {
  return { version: 1, traceId, madeAt, failed };
}
