import type { Tap } from "./tap.ts";

/** What a concept's mass is compared with: a fixed sample of the vocabulary, or all of it (dear: one full unembedding a tap). */
export type Yardstick = "background" | "exact";

/**
 * Maps from a tapped row to vocabulary logits. `logit`: final norm, then unembedding. `centred`: the tap's mean over ordinary
 * text is subtracted first. `tuned`: a fitted affine map of the tap comes first.
 */
export const LENSES = ["logit", "centred", "tuned"] as const;
export type LensName = (typeof LENSES)[number];

/** One thing a detector wants read at every judged position: the mass of a set of tokens in the lens of one tap. */
export interface ConceptRead {
  readonly tap: Tap;
  /** Vocabulary ids, without repeats. */
  readonly tokens: readonly number[];
  readonly yardstick: Yardstick;
  /** `logit` when absent. */
  readonly lens?: LensName;
}

/** A trained direction at one or several taps: bias + Σ over taps of direction · row / rms(row). */
export interface ProbeRead {
  readonly taps: readonly Tap[];
  readonly directions: Float32Array; // [taps, hidden]
  readonly bias: number;
}

/** Whatever a detector may ask of the model at every judged position. */
export type Read = ConceptRead | ProbeRead;

/** Tells the two apart: only a probe has directions. */
export function isProbeRead(read: Read): read is ProbeRead {
  return "directions" in read;
}

/** Every tap that a read looks at, in its order. */
export function tapsOfRead(read: Read): readonly Tap[] {
  return isProbeRead(read) ? read.taps : [read.tap];
}

/** What one read says at one position. */
export interface Reading {
  /** Of a concept, natural-log odds: LSE(concept rows) − LSE(yardstick rows) − ln(V / yardstick size); with `exact` ln p. Of a probe, its score. */
  readonly logOdds: number;
  /** Of a concept, lens logits of its tokens in the order of `ConceptRead.tokens`; of a probe, what each tap adds to the score. Copied when asked for. `[tokens]` or `[taps]` */
  readonly logits: Float32Array;
}
