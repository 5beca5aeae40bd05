import type {
  DetectorEvaluation,
  FormResult,
  Interval,
  Mistake,
  OnsetResult,
  TierResult,
} from "../../src/evaluation/evaluation.ts";

/** Texts that break out of markup, run something, or hide and reorder what stands beside them, each with its number in it. */
export const HOSTILE_TEXTS: readonly string[] = [
  `<script>window.attacked=1</script>`,
  `"><img src=x onerror="window.attacked=2">`,
  `'><svg onload='window.attacked=3'>`,
  `</title><script>window.attacked=4</script>`,
  `</style><script>window.attacked=5</script>`,
  `</svg></figure><iframe src="https://example.com/6"></iframe>`,
  `<style>@import url(https://example.com/7);</style>`,
  `<link rel=stylesheet href=https://example.com/8>`,
  `<meta http-equiv=refresh content="0;url=https://example.com/9">`,
  `<!--10--><base href="https://example.com/">`,
  `]]><![CDATA[<b>11</b>`,
  "javascript:window.attacked=12//`${window.attacked=12}`",
  `&lt;script&gt;13&amp;&#60;img&#62;`,
  `\u202egnirts 14\u2066 \u200b\u0000\u001b[2J\ud800`,
  `$& $1 $\` $' 15 __proto__`,
  `url(https://example.com/16); } body { display: none } var(--accent)`,
];

/** An interval of a tenth on both sides. */
export function interval(value: number): Interval {
  return { value, low: Math.max(0, value - 0.1), high: Math.min(1, value + 0.1) };
}

/** One tier with values that tell the fields apart. */
export function sampleTier(tier: string, change: Partial<TierResult> = {}): TierResult {
  return {
    tier,
    rows: 120,
    auroc: interval(0.871),
    recallAt1: interval(0.62),
    recallAt01: interval(0.41),
    flagged: interval(0.58),
    aborted: interval(0.37),
    ...change,
  };
}

/** A mistake whose token stands once in its text. */
export function sampleMistake(change: Partial<Mistake> = {}): Mistake {
  return {
    id: "row-1",
    tier: "decoys",
    label: 0,
    score: 6.25,
    text: "A walk through Paris at night",
    at: " Paris",
    ...change,
  };
}

/** Results in one form: two tiers, two tiers of negatives, a baseline, six bins, two mistakes. */
export function sampleForm(change: Partial<FormResult> = {}): FormResult {
  return {
    form: "raw",
    positives: 240,
    negatives: 3_000,
    overall: sampleTier("all", { rows: 240 }),
    tiers: [sampleTier("explicit"), sampleTier("implied", { recallAt1: interval(0.33) })],
    falseAlarms: [
      { tier: "decoys", rows: 1_000, flagged: interval(0.004), aborted: interval(0) },
      { tier: "benign", rows: 2_000, flagged: interval(0.001), aborted: interval(0) },
    ],
    baselines: [{ name: "bag of words", auroc: interval(0.7), recallAt1: interval(0.2) }],
    roc: [
      [0, 0],
      [0, 0.41],
      [0.01, 0.62],
      [0.2, 0.9],
      [1, 1],
    ],
    histogram: {
      edges: [-3, -1, 1, 3, 5, 7, 9],
      positives: [0, 10, 30, 60, 90, 50],
      negatives: [900, 1_500, 500, 90, 10, 0],
    },
    mistakes: [
      sampleMistake(),
      sampleMistake({ id: "row-2", tier: "implied", label: 1, score: -0.5, text: "Somewhere", at: "where" }),
    ],
    ...change,
  };
}

/** An onset curve over the usual holds. */
export function sampleOnset(change: Partial<OnsetResult> = {}): OnsetResult {
  return {
    rows: 200,
    early: 3,
    points: [0, 1, 4, 8, 16].map((hold) => ({
      hold,
      caught: interval(0.9),
      leakedMedian: Math.max(0, 5 - hold),
      leakedP90: Math.max(0, 12.5 - hold),
      noneLeaked: interval(0.2 + hold / 25),
    })),
    delays: [0, 1, 1, 2, 5, 9, 12],
    recommendedHold: 4,
    reason: "More than four tokens gain little.",
    ...change,
  };
}

/** One detector with everything that a report shows. */
export function sampleEvaluation(change: Partial<DetectorEvaluation> = {}): DetectorEvaluation {
  return {
    detector: "country-probe",
    hash: "ab12".repeat(16),
    description: "The text implies a country.",
    kind: "probe",
    model: "smollm2-135m-instruct",
    precision: "fast",
    thresholds: { flag: 4.25, abort: 5.5 },
    data: [{ file: "country.jsonl", sha256: "cd34".repeat(16), rows: 3_240 }],
    forms: [sampleForm(), sampleForm({ form: "chat" })],
    ordinary: { text: "encyclopedia.txt", tokens: 48_000, alarms: 12, per1000: interval(0.25) },
    onset: sampleOnset(),
    notes: ["Half of the capitals are not known to this model."],
    ...change,
  };
}

/** An evaluation with one text wherever a text can stand. */
export function evaluationOf(text: string): DetectorEvaluation {
  const form = (name: "raw" | "chat"): FormResult =>
    sampleForm({
      form: name,
      tiers: [sampleTier(text), sampleTier(text)],
      falseAlarms: [{ tier: text, rows: 10, flagged: interval(0.1), aborted: interval(0) }],
      baselines: [{ name: text, auroc: interval(0.7), recallAt1: interval(0.2) }],
      mistakes: ([0, 1] as const).flatMap((label) => [
        sampleMistake({ id: text, tier: text, label, text: `before ${text} after`, at: text }),
        sampleMistake({ id: text, tier: text, label, text, at: text.slice(2, 5) }),
      ]),
    });
  return sampleEvaluation({
    detector: text,
    hash: text,
    description: text,
    kind: text,
    model: text,
    precision: text,
    data: [{ file: text, sha256: text, rows: 1 }],
    forms: [form("raw"), form("chat")],
    ordinary: { text, tokens: 1_000, alarms: 1, per1000: interval(0.5) },
    onset: sampleOnset({ reason: text }),
    notes: [text],
  });
}
