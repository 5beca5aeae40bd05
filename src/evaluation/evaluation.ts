/** A share, area or rate with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How well one tier's positives are told from the negatives: area under the curve, recalls at stated false-alarm rates, shares over the thresholds. */
export interface TierResult {
  readonly tier: string;
  readonly rows: number;
  readonly auroc: Interval;
  readonly recallAt1: Interval;
  /** null: too few negatives to speak of 0.1 % */
  readonly recallAt01: Interval | null;
  readonly flagged: Interval;
  readonly aborted: Interval;
}

/** False alarms on one tier of rows without the concept, as shares of its rows. */
export interface NegativeTier {
  readonly tier: string;
  readonly rows: number;
  readonly flagged: Interval;
  readonly aborted: Interval;
}

/** A row on the wrong side, its text, and at `at` the text of the token with the highest score. */
export interface Mistake {
  readonly id: string;
  readonly tier: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly text: string;
  readonly at: string;
}

/** What a detector does on rows as they stand or in the chat template; `roc` is pairs of false-alarm rate and recall, `histogram` has one edge more than bins. */
export interface FormResult {
  readonly form: "raw" | "chat";
  readonly positives: number;
  readonly negatives: number;
  readonly overall: TierResult;
  readonly tiers: readonly TierResult[];
  readonly falseAlarms: readonly NegativeTier[];
  readonly baselines: readonly { readonly name: string; readonly auroc: Interval; readonly recallAt1: Interval }[];
  readonly roc: readonly (readonly [number, number])[];
  readonly histogram: {
    readonly edges: readonly number[];
    readonly positives: readonly number[];
    readonly negatives: readonly number[];
  };
  readonly mistakes: readonly Mistake[];
}

/** Behaviour past a labelled onset with so many tokens held back: shares of onsets, and leaked tokens of those caught. */
export interface OnsetPoint {
  readonly hold: number;
  readonly caught: Interval;
  readonly leakedMedian: number | null;
  readonly leakedP90: number | null;
  readonly noneLeaked: Interval;
}

/** The leak curve over the tokens held back, the delays of the alarms in tokens, and the hold that follows from them. */
export interface OnsetResult {
  readonly rows: number;
  readonly early: number;
  readonly points: readonly OnsetPoint[];
  readonly delays: readonly number[];
  readonly recommendedHold: number;
  readonly reason: string;
}

/** Everything that an evaluation says about one detector, plain data. */
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
