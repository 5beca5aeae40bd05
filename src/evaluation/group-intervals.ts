import { betaQuantile } from "../training/beta.ts";
import { bootstrap, type BootstrapOptions, type RankedStatistic, type Sample } from "./bootstrap.ts";
import type { Interval } from "./evaluation.ts";
import { binomialInterval, rankedAuroc, rankedRecall, rankRows } from "../training/rates.ts";

/** AUROC and recall at 1 % and 0.1 % false alarms, each from 0 to 1. */
export interface Separation {
  readonly auroc: Interval;
  readonly recallAt1: Interval;
  readonly recallAt01: Interval;
}

const TAIL = 0.025;

/**
 * How well scores part the classes, with 95 % intervals by bootstrap over groups. Where all draws agree on 0 or 1, the bound that so many independent
 * pairs of a positive and a negative group bear; with one group the interval is everything. Throws for one class and NaN.
 */
export function separationOf(sample: Sample, options: BootstrapOptions = {}): Separation {
  const statistics: RankedStatistic[] = [
    rankedAuroc,
    (rows, counts) => rankedRecall(rows, 0.01, counts),
    (rows, counts) => rankedRecall(rows, 0.001, counts),
  ];
  const [auroc, recallAt1, recallAt01] = intervalsOf(sample, statistics, options);
  if (auroc === undefined || recallAt1 === undefined || recallAt01 === undefined)
    throw new Error("a statistic is missing");
  return { auroc, recallAt1, recallAt01 };
}

/**
 * The share of rows that a detector fires on, with a 95 % interval that knows of groups: exact binomial bounds for the number of independent rows that
 * would vary as much as these groups do (Korn and Graubard 1998). Without a spread to go by, that number is the number of groups. Throws for no rows.
 */
export function groupedShare(fired: readonly boolean[], groups: readonly string[]): Interval {
  const n = fired.length;
  const k = fired.filter(Boolean).length;
  const { value, low, high } = binomialInterval(k, n);
  const sums = new Map<string, { rows: number; fired: number }>();
  fired.forEach((hit, row) => {
    const sum = sums.get(groups[row] ?? "") ?? { rows: 0, fired: 0 };
    sums.set(groups[row] ?? "", { rows: sum.rows + 1, fired: sum.fired + Number(hit) });
  });
  const count = sums.size;
  if (count === n) return { value, low, high };
  const squares = [...sums.values()].reduce((sum, group) => sum + (group.fired - value * group.rows) ** 2, 0);
  const variance = ((count / (count - 1)) * squares) / n ** 2;
  const independent = value === 0 || value === 1 || count < 2 ? count : Math.max(1, (value * (1 - value)) / variance);
  const rows = Math.min(n, independent);
  const hits = value * rows;
  return {
    value,
    low: k === 0 ? 0 : betaQuantile(TAIL, hits, rows - hits + 1),
    high: k === n ? 1 : betaQuantile(1 - TAIL, hits + 1, rows - hits),
  };
}

function intervalsOf(sample: Sample, statistics: readonly RankedStatistic[], options: BootstrapOptions): Interval[] {
  const { groups, labels, scores } = sample;
  if (new Set(groups).size < 2) {
    const ranked = rankRows(scores, labels);
    const once = new Int32Array(groups.length).fill(1);
    return statistics.map((statistic) => ({ value: statistic(ranked, once), low: 0, high: 1 }));
  }
  const groupsWith = (label: number): number => new Set(groups.filter((_, row) => labels[row] === label)).size;
  const bound = betaQuantile(TAIL, Math.min(groupsWith(0), groupsWith(1)), 1);
  return bootstrap(sample, statistics, options).map(({ value, low, high }) => {
    if (low !== high) return { value, low, high };
    return { value, low: value === 1 ? bound : low, high: value === 0 ? 1 - bound : high };
  });
}
