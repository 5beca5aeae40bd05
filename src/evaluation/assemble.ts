import type { BootstrapOptions } from "./bootstrap.ts";
import { histogramOf, rocOf } from "./curves.ts";
import type { DetectorEvaluation, FormResult, Interval, Mistake, NegativeTier, TierResult } from "./evaluation.ts";
import { groupedShare, separationOf, type Separation } from "./group-intervals.ts";
import { onsetResult, type OnsetRow } from "./onset.ts";
import { binomialInterval } from "../training/rates.ts";

/** A labelled row with its score; `at` is the text around the highest position. */
export interface ScoredRow {
  readonly id: string;
  readonly tier: string;
  readonly group: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly text: string;
  readonly at: string;
}

/** Rows scored in one form; the scores [rows] of a baseline are in their order. */
export interface FormScores {
  readonly form: "raw" | "chat";
  readonly rows: readonly ScoredRow[];
  readonly baselines: readonly { readonly name: string; readonly scores: ArrayLike<number> }[];
}

/** All that an evaluation is made of: who the detector is, scored rows, alarms on ordinary text, firings beside labelled onsets. */
export interface EvaluationParts extends Omit<DetectorEvaluation, "forms" | "ordinary" | "onset"> {
  readonly forms: readonly FormScores[];
  readonly ordinary: { readonly text: string; readonly tokens: number; readonly alarms: number } | null;
  readonly onsets: readonly OnsetRow[] | null;
}

type Thresholds = DetectorEvaluation["thresholds"];

const SPEAKS_OF_A_THOUSANDTH = 1000;
const FEW_GROUPS = 20;
const MISTAKES = 10;
const TEXT_CHARACTERS = 240;

/** Puts an evaluation together and adds notes on what its rows cannot show. Throws as `assembleForm` does. */
export function assembleEvaluation(
  { forms, ordinary, onsets, ...rest }: EvaluationParts,
  options?: BootstrapOptions,
): DetectorEvaluation {
  return {
    ...rest,
    forms: forms.map((form) => assembleForm(form, rest.thresholds, options)),
    ordinary: ordinary === null ? null : { ...ordinary, per1000: perThousand(ordinary.alarms, ordinary.tokens) },
    onset: onsets === null ? null : onsetResult(onsets),
    notes: [...rest.notes, ...forms.flatMap(notesOn)],
  };
}

/** Measures one form: every tier of positives against all negatives, false alarms by tier of negatives. Throws for one class and for a score that is not finite. */
export function assembleForm(
  { form, rows, baselines }: FormScores,
  thresholds: Thresholds,
  options?: BootstrapOptions,
): FormResult {
  const bad = rows.find((row) => !Number.isFinite(row.score));
  if (bad !== undefined) throw new Error(`row ${bad.id} has the score ${bad.score}: it must be finite`);
  const positives = rows.filter((row) => row.label === 1);
  const negatives = rows.filter((row) => row.label === 0);
  const measure = (tier: string, of: readonly ScoredRow[]): TierResult => {
    const separation = separationOf(sampleOf([...of, ...negatives]), options);
    return tierResult({ tier, of, negatives: negatives.length, separation }, thresholds);
  };
  const scores = rows.map((row) => row.score);
  const labels = rows.map((row) => row.label);
  return {
    form,
    positives: positives.length,
    negatives: negatives.length,
    overall: measure("all", positives),
    tiers: byTier(positives).map(([tier, of]) => measure(tier, of)),
    falseAlarms: byTier(negatives).map(([tier, of]) => negativeTier(tier, of, thresholds)),
    baselines: baselines.map((baseline) => {
      const { auroc, recallAt1 } = separationOf({ ...sampleOf(rows), scores: baseline.scores }, options);
      return { name: baseline.name, auroc, recallAt1 };
    }),
    roc: rocOf(scores, labels),
    histogram: histogramOf(scores, labels),
    mistakes: mistakesOf(positives, negatives, thresholds.flag),
  };
}

function sampleOf(rows: readonly ScoredRow[]): { scores: number[]; labels: number[]; groups: string[] } {
  return {
    scores: rows.map((row) => row.score),
    labels: rows.map((row) => row.label),
    groups: rows.map((row) => row.group),
  };
}

interface Measured {
  readonly tier: string;
  readonly of: readonly ScoredRow[];
  readonly negatives: number;
  readonly separation: Separation;
}

function tierResult({ tier, of, negatives, separation }: Measured, thresholds: Thresholds): TierResult {
  const { auroc, recallAt1, recallAt01 } = separation;
  return {
    ...negativeTier(tier, of, thresholds),
    auroc,
    recallAt1,
    recallAt01: negatives < SPEAKS_OF_A_THOUSANDTH ? null : recallAt01,
  };
}

function negativeTier(tier: string, rows: readonly ScoredRow[], { flag, abort }: Thresholds): NegativeTier {
  const groups = rows.map((row) => row.group);
  const share = (threshold: number): Interval =>
    groupedShare(
      rows.map((row) => row.score >= threshold),
      groups,
    );
  return { tier, rows: rows.length, flagged: share(flag), aborted: share(abort) };
}

function byTier(rows: readonly ScoredRow[]): [string, ScoredRow[]][] {
  const tiers = new Map<string, ScoredRow[]>();
  for (const row of rows) {
    const tier = tiers.get(row.tier) ?? [];
    tier.push(row);
    tiers.set(row.tier, tier);
  }
  return [...tiers].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

// Both ends: negatives that fire, the highest first, and positives that do not, the lowest first.
function mistakesOf(positives: readonly ScoredRow[], negatives: readonly ScoredRow[], flag: number): Mistake[] {
  const alarms = negatives.filter((row) => row.score >= flag).toSorted((left, right) => right.score - left.score);
  const missed = positives.filter((row) => row.score < flag).toSorted((left, right) => left.score - right.score);
  return [...alarms.slice(0, MISTAKES), ...missed.slice(0, MISTAKES)].map(({ id, tier, label, score, text, at }) => ({
    id,
    tier,
    label,
    score,
    text: shorten(text),
    at: shorten(at),
  }));
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= TEXT_CHARACTERS ? text : `${characters.slice(0, TEXT_CHARACTERS - 1).join("")}…`;
}

function perThousand(alarms: number, tokens: number): Interval {
  const { value, low, high } = binomialInterval(alarms, tokens);
  return { value: value * 1000, low: low * 1000, high: high * 1000 };
}

function notesOn({ form, rows }: FormScores): string[] {
  const negatives = rows.filter((row) => row.label === 0).length;
  const groupsWith = (label: number): number =>
    new Set(rows.filter((row) => row.label === label).map((row) => row.group)).size;
  const notes: string[] = [];
  if (negatives < SPEAKS_OF_A_THOUSANDTH) {
    notes.push(
      `${form}: ${negatives} negatives say nothing of a false-alarm rate of 0.1 %: that takes ${SPEAKS_OF_A_THOUSANDTH}`,
    );
  }
  for (const [label, name] of [
    [1, "positives"],
    [0, "negatives"],
  ] as const) {
    const groups = groupsWith(label);
    if (groups < FEW_GROUPS)
      notes.push(`${form}: the ${name} come from ${groups} groups: intervals by so few are too narrow`);
  }
  return notes;
}
