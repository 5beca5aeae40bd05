/** A measured value with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The positives of one tier against all negatives: AUROC, recall at 1 % and 0.1 % false alarms, and shares at the thresholds. */
export interface TierResult {
  readonly tier: string;
  /** Positives of the tier. */
  readonly rows: number;
  readonly auroc: Interval;
  readonly recallAt1: Interval;
  /** Null: too few negatives to speak of 0.1 %. */
  readonly recallAt01: Interval | null;
  readonly flagged: Interval;
  readonly aborted: Interval;
}

/** False alarms on the negatives of one tier, as shares of rows. */
export interface NegativeTier {
  readonly tier: string;
  readonly rows: number;
  readonly flagged: Interval;
  readonly aborted: Interval;
}

/** A row that was judged wrongly: at most 240 characters of it, and the text around the highest position. */
export interface Mistake {
  readonly id: string;
  readonly tier: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly text: string;
  readonly at: string;
}

/** Results for rows read as they stand, or in the chat template. */
export interface FormResult {
  readonly form: "raw" | "chat";
  readonly positives: number;
  readonly negatives: number;
  readonly overall: TierResult;
  readonly tiers: readonly TierResult[];
  readonly falseAlarms: readonly NegativeTier[];
  readonly baselines: readonly { readonly name: string; readonly auroc: Interval; readonly recallAt1: Interval }[];
  /** Points (share of negatives, share of positives), both rising from 0 to 1. */
  readonly roc: readonly (readonly [number, number])[];
  /** Counts between neighbouring edges; one edge more than counts. */
  readonly histogram: {
    readonly edges: readonly number[];
    readonly positives: readonly number[];
    readonly negatives: readonly number[];
  };
  readonly mistakes: readonly Mistake[];
}

/** What leaves past a labelled onset when so many tokens are held back. */
export interface OnsetPoint {
  readonly hold: number;
  /** Share of rows that fire at or after the onset. */
  readonly caught: Interval;
  /** Tokens past the onset that had left when it fired, over the rows caught; null when none is. */
  readonly leakedMedian: number | null;
  readonly leakedP90: number | null;
  /** Share of all rows that are caught before a token past the onset left. */
  readonly noneLeaked: Interval;
}

/** Onsets: how many rows, how many fired early, the curve over holds, and the delays of the rows caught in tokens. */
export interface OnsetResult {
  readonly rows: number;
  readonly early: number;
  readonly points: readonly OnsetPoint[];
  readonly delays: readonly number[];
  readonly recommendedHold: number;
  readonly reason: string;
}

/** All that was measured of one detector. */
export interface DetectorEvaluation {
  readonly detector: string;
  readonly hash: string;
  readonly description: string;
  readonly kind: string;
  readonly model: string;
  readonly precision: string;
  readonly thresholds: { readonly flag: number; readonly abort: number };
  readonly data: readonly { readonly file: string; readonly sha256: string; readonly rows: number }[];
  readonly forms: readonly FormResult[];
  readonly ordinary: {
    readonly text: string;
    readonly tokens: number;
    readonly alarms: number;
    readonly per1000: Interval;
  } | null;
  readonly onset: OnsetResult | null;
  readonly notes: readonly string[];
}
