import type { FitRows, Recipe } from "./direction.ts";
import { partOf } from "./direction.ts";
import { POOLS, type Pool } from "./features.ts";
import { assignFolds } from "./folds.ts";
import { drawsFrom, shuffled } from "./random.ts";
import { auroc } from "./rates.ts";
import { leaveGroupsOut } from "./ridge.ts";
import { inTurns, rowsByGroup } from "./row-sample.ts";
import type { TapSet } from "./tap-sets.ts";

/** A set of taps and a pool with the kernel of all rows, [all rows, all rows]. */
export interface Candidate {
  readonly set: TapSet;
  readonly pool: Pool;
  readonly kernel: Float32Array;
}

/** The rows that may be looked at, of so many in all, with label and group of every row. */
export interface SearchRows {
  readonly rows: Int32Array;
  readonly of: number;
  readonly labels: Uint8Array; // [all rows]
  readonly groups: readonly string[]; // [all rows]
  /** 1 for rows that choices are measured on; the others are only learned from. `[all rows]` */
  readonly scored: Uint8Array;
  /** What each row counts in a fit. `[all rows]` */
  readonly weights: Float32Array;
  /** Rows are compared with rows of their own stratum: texts of one kind and length. `[all rows]` */
  readonly strata: readonly string[];
  readonly seed: number;
}

/** What won, and how well it told the classes apart on rows of groups that it was not fitted on. */
export interface FoundRecipe extends Recipe {
  readonly auroc: number;
}

/** Strengths that are tried, against kernels with a scale of about 1. */
export const LAMBDAS = [0.01, 0.03, 0.1, 0.3, 1] as const;
const INNER_FOLDS = 4;
/** Rows that the search looks at; the fit itself takes all. A fit takes the cube of the rows. */
const SEARCH_ROWS = 1000;
/** Rows of one group among them. */
const GROUP_ROWS = 125;

/** Compares sets, pools and strengths by AUROC on left-out groups among the given rows alone; of equals the one with fewer taps. */
export function searchRecipe(candidates: readonly Candidate[], search: SearchRows): FoundRecipe {
  const rows = sampleGroups(search);
  const labels = Uint8Array.from(rows, (row) => search.labels[row] ?? 0);
  const weights = Float32Array.from(rows, (row) => search.weights[row] ?? 1);
  const folds = innerFolds(rows, search);
  const measured = measuredRows(rows, search);
  const measuredAt = Int32Array.from(measured, (index) => rows[index] ?? 0);
  const aurocOf = (held: Float64Array) =>
    stratifiedAuroc(
      Float64Array.from(measured, (index) => held[index] ?? NaN),
      measuredAt,
      search,
    );
  let best: FoundRecipe | undefined;
  for (const { set, pool, kernel } of candidates) {
    const part = partOf(kernel, search.of, rows);
    const scores = leaveGroupsOut(part, labels, { folds, lambdas: [...LAMBDAS], rows: weights });
    scores.forEach((held, index) => {
      const found = { set, pool, lambda: LAMBDAS[index] ?? 1, auroc: aurocOf(held) };
      if (best === undefined || isBetter(found, best)) best = found;
    });
  }
  if (best === undefined) throw new Error("there is no set of taps to search");
  return best;
}

// Within a thousandth, fewer taps cost less and follow chance less.
function isBetter(found: FoundRecipe, best: FoundRecipe): boolean {
  const gain = found.auroc - best.auroc;
  if (Math.abs(gain) < 1e-3) return found.set.taps.length < best.set.taps.length;
  return gain > 0;
}

/** Folds of the given rows by their groups, [rows]: four, or as many as there are groups of the rarer class. Throws where a class lies in one group. */
export function innerFolds(
  rows: Int32Array,
  { labels, groups, seed }: Pick<SearchRows, "labels" | "groups" | "seed">,
): Int32Array {
  const own = Array.from(rows, (row) => groups[row] ?? "");
  const groupsOf = (label: number) => new Set(own.filter((_, index) => labels[rows[index] ?? 0] === label)).size;
  const fewest = Math.min(groupsOf(0), groupsOf(1));
  if (fewest < 2) throw new Error("all rows of one class are of one group: nothing can be left out to choose by");
  // A fold with one class in what is left cannot be fitted; other seeds part the groups otherwise.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const folds = assignFolds(own, Math.min(INNER_FOLDS, fewest), seed + attempt);
    const isSound = [...new Set(folds)].every((fold) =>
      [0, 1].every((label) => rows.some((row, index) => folds[index] !== fold && labels[row] === label)),
    );
    if (isSound) return folds;
  }
  throw new Error("the groups cannot be parted so that both classes stay on both sides: give more groups");
}

/**
 * The mean over strata, by their rows, of the AUROC of scores [n] of rows [n] within each; strata with one class are taken together. Across strata, length and kind
 * of text move scores more than the concept does.
 */
export function stratifiedAuroc(
  scores: Float64Array,
  rows: Int32Array,
  { labels, strata }: Pick<SearchRows, "labels" | "strata">,
): number {
  const places = Array.from(rows.keys());
  const byStratum = groupPlaces(places, (index) => strata[rows[index] ?? 0] ?? "");
  const isWhole = (own: readonly number[]) => new Set(own.map((index) => labels[rows[index] ?? 0])).size === 2;
  const parts = [...byStratum.values()];
  const rest = parts.filter((part) => !isWhole(part)).flat();
  const whole = [...parts.filter(isWhole), ...(isWhole(rest) ? [rest] : [])];
  const areas = whole.map((part) => {
    const area = auroc(
      Float64Array.from(part, (index) => scores[index] ?? NaN),
      Uint8Array.from(part, (index) => labels[rows[index] ?? 0] ?? 0),
    );
    return area * part.length;
  });
  return areas.reduce((sum, area) => sum + area, 0) / whole.flat().length;
}

/** Places [n] within `rows` that choices are measured on: the scored ones, or all where those lack a class. */
export function measuredRows(rows: Int32Array, { labels, scored }: SearchRows): number[] {
  const places = Array.from(rows.keys());
  const own = places.filter((index) => scored[rows[index] ?? 0] === 1);
  const classes = new Set(own.map((index) => labels[rows[index] ?? 0]));
  return classes.size === 2 ? own : places;
}

// Rows that are measured on come first: the others only help to learn. No group, and no class, may push out the rest.
function sampleGroups({ rows, groups, labels, scored, seed }: SearchRows): Int32Array {
  if (rows.length <= SEARCH_ROWS) return rows;
  const draw = drawsFrom(seed);
  const order = shuffled(rowsByGroup(rows, groups), draw);
  const isScored = (own: readonly number[]) => own.some((row) => scored[row] === 1);
  const ranked = [order.filter(isScored), order.filter((own) => !isScored(own))].flatMap((part) =>
    inTurns(part, labels),
  );
  const chosen: number[] = [];
  for (const own of ranked) {
    if (chosen.length >= SEARCH_ROWS) break;
    chosen.push(...(own.length > GROUP_ROWS ? shuffled(own, draw).slice(0, GROUP_ROWS) : own));
  }
  return Int32Array.from(chosen.toSorted((left, right) => left - right));
}

/** Every set with every pool, as yet without kernels. */
export function pairsOf(sets: readonly TapSet[]): { set: TapSet; pool: Pool }[] {
  return sets.flatMap((set) => POOLS.map((pool) => ({ set, pool })));
}

/** The rows of a search as a fit takes them, with the kernel of the recipe that was found. */
export function fitRowsOf(candidates: readonly Candidate[], recipe: Recipe, search: SearchRows): FitRows {
  const found = candidates.find(({ set, pool }) => set.name === recipe.set.name && pool === recipe.pool);
  if (!found) throw new Error(`there is no kernel of ${recipe.set.name}`);
  const labels = Uint8Array.from(search.rows, (row) => search.labels[row] ?? 0);
  const weights = Float32Array.from(search.rows, (row) => search.weights[row] ?? 1);
  return { rows: search.rows, labels, weights, kernel: found.kernel };
}

// Map.groupBy came with Node 21.
function groupPlaces(places: readonly number[], keyOf: (index: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const index of places) {
    const own = groups.get(keyOf(index));
    if (own) own.push(index);
    else groups.set(keyOf(index), [index]);
  }
  return groups;
}
