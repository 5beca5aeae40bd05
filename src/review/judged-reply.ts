/** What a person said of one reply and one detector. `unsure` counts as either. */
export type Answer = "positive" | "negative" | "unsure";

/**
 * Where a reply stands for one detector. `flagged`: the detector fired and a person was told; `clear` and `near`: nothing was flagged, and the reply
 * was drawn for this detector with a known probability, or could have been.
 */
export type Frame = "flagged" | "clear" | "near";

/** One reply as one detector saw it. No text. */
export interface JudgedReply {
  readonly score: number;
  /** The score reached the threshold that held then. */
  readonly fired: boolean;
  readonly frame: Frame;
  /** The probability with which it was drawn; 1 for a flagged one. */
  readonly probability: number;
  /** Null where nobody has answered. */
  readonly answer: Answer | null;
  /** The item whose verdict this answer is, where one verdict answers several replies that are alike. */
  readonly item?: string;
}
