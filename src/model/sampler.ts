import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** How the next token is drawn. Temperature 0 is greedy; topK 0 keeps the whole vocabulary. */
export interface SamplerOptions {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly seed: number;
}

/** Draws one id from one row of logits; throws when it holds none that is a number. Equal options and rows give equal ids. */
export interface Sampler {
  draw(logits: Float32Array): number;
}

/** One alternative with its natural-log probability. */
export interface Alternative {
  readonly id: number;
  readonly logprob: number;
}

/** A sampler with its own random sequence. Temperature divides first, then topK keeps, then topP keeps. */
export function createSampler({ temperature, topP, topK, seed }: SamplerOptions): Sampler {
  const random = xoroshiro128plus(seed | 0);
  return {
    draw(logits) {
      const best = argMax(logits);
      if (!Number.isFinite(logits[best])) throw new Error("the model returned logits that are no numbers");
      if (temperature === 0) return best;
      const point = uniformFloat64(random);
      if (topP >= 1 && topK === 0) return drawFromAll(logits, { best, temperature, point });
      const kept = keep(logits, { best, temperature, topP, topK });
      const total = kept.reduce((sum, [, weight]) => sum + weight, 0);
      let left = point * total;
      for (const [id, weight] of kept) {
        left -= weight;
        if (left < 0) return id;
      }
      return kept.at(-1)?.[0] ?? best;
    },
  };
}

interface Draw {
  readonly best: number;
  readonly temperature: number;
  /** From 0 to 1, 1 excluded. */
  readonly point: number;
}

function drawFromAll(logits: Float32Array, { best, temperature, point }: Draw): number {
  const highest = logits[best]!;
  let total = 0;
  for (const logit of logits) total += Math.exp((logit - highest) / temperature);
  let left = point * total;
  for (let id = 0; id < logits.length; id += 1) {
    left -= Math.exp((logits[id]! - highest) / temperature);
    if (left < 0) return id;
  }
  return best;
}

interface Keep {
  readonly best: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
}

// Candidates with unnormalised weights exp((logit − best) / temperature), strongest first.
function keep(logits: Float32Array, { best, temperature, topP, topK }: Keep): [number, number][] {
  const highest = logits[best]!;
  const weightOf = (id: number) => Math.exp((logits[id]! - highest) / temperature);
  const ids = topK > 0 ? topIds(logits, topK) : undefined;
  let total = 0;
  if (ids) for (const id of ids) total += weightOf(id);
  else for (let id = 0; id < logits.length; id += 1) total += weightOf(id);
  // A nucleus is nearly always among the first hundred tokens: sort few, and more only when they do not suffice.
  for (let size = ids?.length ?? 128; ; size = Math.min(logits.length, size * 8)) {
    const candidates = ids ?? topIds(logits, size);
    const kept: [number, number][] = [];
    let sum = 0;
    for (const id of candidates) {
      kept.push([id, weightOf(id)]);
      sum += kept.at(-1)![1];
      if (sum >= topP * total) return kept;
    }
    if (ids || size >= logits.length) return kept;
  }
}

/** Index of the largest value; the lowest index among equals. */
export function argMax(row: Float32Array): number {
  let best = 0;
  for (let index = 1; index < row.length; index += 1) if (row[index]! > row[best]!) best = index;
  return best;
}

/** Ids of the `count` largest values, largest first; the lower id first among equals. */
export function topIds(row: Float32Array, count: number): number[] {
  const size = Math.min(count, row.length);
  if (size === 0) return [];
  const sorted = Float32Array.from(row).sort();
  const floor = sorted[row.length - size]!;
  const ids: number[] = [];
  for (let id = 0; id < row.length; id += 1) if (row[id]! >= floor) ids.push(id);
  return ids.sort((left, right) => row[right]! - row[left]! || left - right).slice(0, size);
}

/** ln Σ exp of a row, stable. NaN where the row holds one: a broken row must not pass for an empty one. */
export function logSumExp(row: Float32Array): number {
  let highest = -Infinity;
  for (const value of row) if (value > highest) highest = value;
  if (highest === -Infinity) return row.some(Number.isNaN) ? NaN : -Infinity;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}

/** Log-probabilities of one id and of the `count` most likely ones, at temperature 1. */
export function logProbabilities(
  logits: Float32Array,
  id: number,
  count: number,
): { logprob: number; top: Alternative[] } {
  const total = logSumExp(logits);
  const top = topIds(logits, count).map((candidate) => ({ id: candidate, logprob: logits[candidate]! - total }));
  return { logprob: logits[id]! - total, top };
}
