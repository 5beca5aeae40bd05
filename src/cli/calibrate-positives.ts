import type { Likelihood } from "../detect/likelihood.ts";
import type { Interval } from "../evaluation/evaluation.ts";
import { groupedShare } from "../evaluation/group-intervals.ts";
import { likelihoodOf } from "../evaluation/likelihood.ts";
import { ConfigError } from "../errors.ts";
import { readLabelledRows, type DataFile } from "../training/labelled-rows.ts";
import { contentKey } from "../training/ordinary-rows.ts";
import type { ReplyRow } from "./calibrate-replies.ts";

/** Rows with the concept, each content once, with the group of each; the files they came from. */
export interface Positives {
  readonly rows: readonly ReplyRow[];
  readonly groups: readonly string[];
  readonly files: readonly DataFile[];
}

/** The share of rows with the concept that fire at both thresholds, with 95 % intervals, and the likelihood of each score. */
export interface Recall {
  readonly rows: number;
  readonly flag: Interval;
  readonly abort: Interval;
  readonly likelihood: Likelihood;
}

/** Reads the rows with label 1 of labelled files; rows with label 0 are passed over. Throws `ConfigError`, also where none has label 1. */
export async function readPositives(files: readonly string[]): Promise<Positives> {
  const data = await readLabelledRows(files, { fewest: 0, option: "--positives" });
  const rows = new Map<string, ReplyRow & { group: string }>();
  for (const { label, content, file, line, group } of data.rows) {
    const key = contentKey(content);
    if (label === 1 && !rows.has(key)) rows.set(key, { key, content, file, line, group });
  }
  if (rows.size === 0) {
    const cure = "give rows with label 1, or leave --positives out";
    throw new ConfigError([{ file: files.join(", "), message: "no row has label 1", cure }]);
  }
  const kept = [...rows.values()];
  const counted = data.files.map((each) => ({ ...each, rows: kept.filter(({ file }) => file === each.file).length }));
  return { rows: kept, groups: kept.map(({ group }) => group), files: counted };
}

/** Recall at both thresholds, with intervals that know of groups; a reply that was not judged does not fire. */
export function measureRecall(
  { groups }: Pick<Positives, "groups">,
  scores: { readonly positives: readonly (number | null)[]; readonly ordinary: readonly (number | null)[] },
  thresholds: { readonly flag: number; readonly abort: number },
): Recall {
  const { positives, ordinary } = scores;
  const recallAt = (threshold: number): Interval =>
    groupedShare(
      positives.map((score) => score !== null && score >= threshold),
      groups,
    );
  return {
    rows: positives.length,
    flag: recallAt(thresholds.flag),
    abort: recallAt(thresholds.abort),
    likelihood: toLikelihood(positives, ordinary),
  };
}

const DIGITS = 6;

function toLikelihood(positives: readonly (number | null)[], ordinary: readonly (number | null)[]): Likelihood {
  const judged = [...positives, ...ordinary].filter((score) => score !== null);
  const lowest = judged.reduce((least, score) => Math.min(least, score), Infinity);
  const filled = (scores: readonly (number | null)[]) => scores.map((score) => score ?? lowest);
  const knots = new Map(
    likelihoodOf(filled(positives), filled(ordinary)).map(([score, ratio]) => [
      Number(score.toPrecision(DIGITS)),
      Number(ratio.toPrecision(DIGITS)),
    ]),
  );
  return { scores: [...knots.keys()], log_ratios: [...knots.values()] };
}
