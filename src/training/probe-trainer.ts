import type { AggregateOptions } from "../detect/aggregate.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";
import type { ActivationStore } from "./activation-store.ts";
import { fitDirections, type FitRows, type FittedDirections } from "./direction.ts";
import type { Features } from "./features.ts";
import { candidateAggregates, largestScores, meanScore, scorePositions } from "./position-scores.ts";
import { fitRowsOf, innerFolds, measuredRows, searchRecipe, stratifiedAuroc } from "./recipe-search.ts";
import type { Candidate, FoundRecipe, SearchRows } from "./recipe-search.ts";

/** What a trainer works on. Rows are counted through all data; labels and groups [rows]. */
export interface TrainerOptions {
  readonly product: MatrixProduct;
  readonly store: ActivationStore;
  readonly features: Features;
  readonly candidates: readonly Candidate[];
  readonly labels: Uint8Array;
  readonly groups: readonly string[];
  /** The outer fold in which a row is left out; −1 for rows that are always learned from. `[rows]` */
  readonly outer: Int32Array;
  /** 1 for rows that count when it is measured; the others are only learned from. `[rows]` */
  readonly scored: Uint8Array;
  /** What each row counts in a fit. `[rows]` */
  readonly weights: Float32Array;
  /** Rows are compared within their stratum. `[rows]` */
  readonly strata: readonly string[];
  readonly seed: number;
  readonly onStep?: (what: string, done: number, total: number) => void;
}

/** A probe with what was chosen for it, in units of the spread of rows without the concept: their largest scores have mean 0 and spread 1. */
export interface TrainedProbe extends FittedDirections {
  readonly recipe: FoundRecipe;
  readonly aggregate: AggregateOptions;
  /** Largest aggregated score of each measured row, by fits on other groups. `[measured rows]` */
  readonly heldOut: Float64Array;
  readonly rows: Int32Array;
}

/** Scores of every row by a probe of which neither taps, pooling, strength nor direction was chosen on the row's fold; NaN for rows that do not count. */
export interface NestedScores {
  readonly scores: Float64Array; // [rows]
  readonly folds: readonly { readonly recipe: FoundRecipe; readonly aggregate: AggregateOptions }[];
}

/** Trains on all rows, and beside it measures itself: the whole search is done again without each outer fold. */
export async function trainProbe(options: TrainerOptions): Promise<{ probe: TrainedProbe; nested: NestedScores }> {
  const { outer, labels, store } = options;
  const folds = [...new Set(outer)].filter((fold) => fold >= 0).sort((left, right) => left - right);
  const every = Int32Array.from(labels, (_, row) => row);
  const trials = [...folds.map((fold) => every.filter((row) => outer[row] !== fold)), every].map((rows, index, all) => {
    options.onStep?.("searching", index, all.length);
    return planTrial(options, rows);
  });
  options.onStep?.("scoring", 0, 1);
  const scored = await scorePositions(
    options.product,
    store,
    trials.flatMap((trial) => [...trial.inner, trial.whole]),
  );
  let next = 0;
  const finished = trials.map((trial) => {
    const inner = trial.inner.map(() => scored[next++]!);
    return finishTrial(options, trial, { inner, whole: scored[next++]! });
  });
  const scores = new Float64Array(labels.length).fill(NaN);
  folds.forEach((fold, index) => {
    const { score } = finished[index]!;
    const rows = every.filter((row) => outer[row] === fold && options.scored[row] === 1);
    score(rows).forEach((value, at) => (scores[rows[at]!] = value));
  });
  const { probe } = finished.at(-1)!;
  const chosen = finished.slice(0, -1).map(({ probe: { recipe, aggregate } }) => ({ recipe, aggregate }));
  return { probe, nested: { scores, folds: chosen } };
}

interface Trial {
  readonly rows: Int32Array;
  readonly recipe: FoundRecipe;
  readonly folds: Int32Array; // [rows]
  /** Places within `rows` that choices are measured on. */
  readonly measured: Int32Array;
  /** One fit without each inner fold, by the fold's number. */
  readonly inner: readonly FittedDirections[];
  readonly whole: FittedDirections;
}

function planTrial({ candidates, features, ...options }: TrainerOptions, rows: Int32Array): Trial {
  const search: SearchRows = { ...options, rows, of: options.labels.length };
  const recipe = searchRecipe(candidates, search);
  const all = fitRowsOf(candidates, recipe, search);
  const folds = innerFolds(rows, search);
  const inner = Array.from({ length: Math.max(...folds) + 1 }, (_, fold) =>
    fitDirections(features, recipe, without(all, folds, fold)),
  );
  const measured = Int32Array.from(measuredRows(rows, search));
  return { rows, recipe, folds, measured, inner, whole: fitDirections(features, recipe, all) };
}

function without({ rows, labels, weights, kernel }: FitRows, folds: Int32Array, fold: number): FitRows {
  const kept = Array.from(rows.keys()).filter((index) => folds[index] !== fold);
  return {
    rows: Int32Array.from(kept, (index) => rows[index]!),
    labels: Uint8Array.from(kept, (index) => labels[index]!),
    weights: Float32Array.from(kept, (index) => weights[index]!),
    kernel,
  };
}

interface TrialScores {
  readonly inner: readonly Float32Array[]; // each [positions]
  readonly whole: Float32Array; // [positions]
}

interface FinishedTrial {
  readonly probe: TrainedProbe;
  /** Largest aggregated scores of other rows, in the probe's unit. */
  readonly score: (rows: Int32Array) => Float64Array;
}

// The aggregation is chosen, and the unit set, on rows of the trial as seen by fits without them.
function finishTrial(
  { store, labels, strata }: TrainerOptions,
  trial: Trial,
  { inner, whole }: TrialScores,
): FinishedTrial {
  const held = mergeHeldOut(trial, inner, store);
  const rows = Int32Array.from(trial.measured, (index) => trial.rows[index]!);
  const own = Uint8Array.from(rows, (row) => labels[row]!);
  const start = meanScore(
    held,
    store,
    rows.filter((row) => labels[row] === 0),
  );
  const tried = candidateAggregates(start).map((aggregate) => {
    const scores = largestScores(held, store, { rows, aggregate });
    return { aggregate, scores, auroc: stratifiedAuroc(scores, rows, { labels, strata }) };
  });
  const best = tried.reduce((left, right) => (right.auroc > left.auroc ? right : left));
  const unit = unitOf(best.scores.filter((_, index) => own[index] === 0));
  const toUnit = (value: number) => (value - unit.mean) / unit.spread;
  return {
    probe: {
      ...rescale(trial.whole, unit),
      recipe: trial.recipe,
      aggregate: moveStart(best.aggregate, toUnit),
      heldOut: best.scores.map(toUnit),
      rows,
    },
    score: (others) => largestScores(whole, store, { rows: others, aggregate: best.aggregate }).map(toUnit),
  };
}

function mergeHeldOut({ rows, folds }: Trial, inner: readonly Float32Array[], store: ActivationStore): Float32Array {
  const held = new Float32Array(store.positions);
  rows.forEach((row, index) => {
    const start = store.starts[row]!;
    held.set(inner[folds[index]!]!.subarray(start, start + store.counts[row]!), start);
  });
  return held;
}

interface Unit {
  readonly mean: number;
  readonly spread: number;
}

function unitOf(scores: Float64Array): Unit {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return { mean, spread: Math.max(1e-6, Math.sqrt(variance)) };
}

// Every aggregation here gives a·x + b for scores a·x + b, when its start moves along.
function rescale({ taps, directions, bias }: FittedDirections, { mean, spread }: Unit): FittedDirections {
  return {
    taps,
    directions: directions.map((direction) => direction.map((value) => value / spread)),
    bias: (bias - mean) / spread,
  };
}

function moveStart(aggregate: AggregateOptions, toUnit: (value: number) => number): AggregateOptions {
  return aggregate.start === undefined
    ? aggregate
    : { ...aggregate, start: Number(toUnit(aggregate.start).toFixed(4)) };
}
