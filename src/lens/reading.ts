import type { Tap } from "./tap.ts";

/** What a concept's mass is compared with: a fixed sample of the vocabulary, or all of it (dear: one full unembedding a tap). */
export type Yardstick = "background" | "exact";

/** One thing a detector wants read at every judged position: the mass of a set of tokens in the lens of one tap. */
export interface ConceptRead {
  readonly tap: Tap;
  /** Vocabulary ids, without repeats. */
  readonly tokens: readonly number[];
  readonly yardstick: Yardstick;
}

/** What one tap says of one concept at one position. */
export interface Reading {
  /** Natural-log odds: LSE(concept rows) − LSE(yardstick rows) − ln(V / yardstick size). With `exact` it is ln p of the concept. */
  readonly logOdds: number;
  /** Lens logits of the concept's tokens, in the order of `ConceptRead.tokens`; copied when asked for. `[tokens]` */
  readonly logits: Float32Array;
}
