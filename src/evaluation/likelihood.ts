import { rankRows } from "../training/rates.ts";

/** Knots of a line that never falls: a score, and the log of how much likelier it is with the concept than without (natural log). */
export type LikelihoodKnots = readonly (readonly [score: number, logRatio: number])[];

const KNOTS = 8;

interface Block {
  readonly weighted: number; // sum of weight · score
  readonly weight: number;
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Score to log likelihood ratio, as at most 8 knots with a line between them and no slope outside: scores are cut into bins of even weight, both
 * classes weighing the same, and neighbours are pooled until the ratio rises (isotonic regression). Half a row is added to each class of a bin, and the
 * ratio stays within what so many rows can show: ln(negatives + 1) above, −ln(positives + 1) below. Throws for an empty class and for scores that are not finite.
 */
export function likelihoodOf(positives: readonly number[], negatives: readonly number[]): LikelihoodKnots {
  const scores = [...positives, ...negatives];
  const bad = scores.find((score) => !Number.isFinite(score));
  if (bad !== undefined) throw new Error(`a score is ${bad}: it must be finite`);
  const sizes = { positives: positives.length, negatives: negatives.length };
  const pooled = pool(binsOf(positives, negatives), sizes);
  return pooled.map((block) => {
    const ratio = logRatio(block, sizes);
    const bounded = Math.min(Math.log(sizes.negatives + 1), Math.max(-Math.log(sizes.positives + 1), ratio));
    return [block.weighted / block.weight, bounded];
  });
}

interface Sizes {
  readonly positives: number;
  readonly negatives: number;
}

function binsOf(positives: readonly number[], negatives: readonly number[]): Block[] {
  const ranked = rankRows([...positives, ...negatives], [...positives.map(() => 1), ...negatives.map(() => 0)]);
  const weightOf = (label: number): number => 1 / (2 * (label === 1 ? positives.length : negatives.length));
  const bins: Block[] = [];
  let bin = EMPTY;
  let done = 0;
  ranked.scores.forEach((score, at) => {
    const label = ranked.labels[at] ?? 0;
    bin = join(bin, {
      weighted: weightOf(label) * score,
      weight: weightOf(label),
      positives: label,
      negatives: 1 - label,
    });
    // A tie is never parted.
    if (ranked.scores[at + 1] === score || done + bin.weight < (bins.length + 1) / KNOTS - 1e-9) return;
    done += bin.weight;
    bins.push(bin);
    bin = EMPTY;
  });
  return bin.weight > 0 ? [...bins, bin] : bins;
}

const EMPTY: Block = { weighted: 0, weight: 0, positives: 0, negatives: 0 };

function pool(bins: readonly Block[], sizes: Sizes): Block[] {
  const pooled: Block[] = [];
  for (const bin of bins) {
    let block = bin;
    for (
      let last = pooled.at(-1);
      last !== undefined && logRatio(last, sizes) >= logRatio(block, sizes);
      last = pooled.at(-1)
    ) {
      block = join(last, block);
      pooled.pop();
    }
    pooled.push(block);
  }
  return pooled;
}

function logRatio({ positives, negatives }: Block, sizes: Sizes): number {
  return Math.log((positives + 0.5) / (sizes.positives + 1)) - Math.log((negatives + 0.5) / (sizes.negatives + 1));
}

function join(left: Block, right: Block): Block {
  return {
    weighted: left.weighted + right.weighted,
    weight: left.weight + right.weight,
    positives: left.positives + right.positives,
    negatives: left.negatives + right.negatives,
  };
}
