import type { ForwardResult } from "../model/forward.ts";
import type { PlannedProbe, ReadPlan } from "./read-plan.ts";

/** A row of a result: 0 to S − 1. */
export interface ResultRow {
  readonly result: ForwardResult;
  readonly row: number;
}

/** What each tap of a probe adds to its score: direction · row / rms(row), with the epsilon of the model's norm. `[probe's taps]` */
export type ProbeParts = (read: PlannedProbe, at: ResultRow) => Float64Array;

/** Computes each row's scale at most once a result, however many probes read it. What is not finite in a row comes out as NaN. */
export function createProbeParts({ forward, normEpsilon }: Pick<ReadPlan, "forward" | "normEpsilon">): ProbeParts {
  const taps = forward.taps.length;
  let last: ForwardResult | undefined;
  let scales = new Float64Array(0); // [S, taps], 0: not computed yet

  function scaleOf(result: ForwardResult, at: number, hidden: number): number {
    if (last !== result) {
      last = result;
      const count = result.positions * taps;
      if (scales.length < count) scales = new Float64Array(count);
      else scales.fill(0, 0, count);
    }
    const known = scales[at]!;
    if (known !== 0) return known;
    const { tapRows } = result;
    const square = dot(tapRows, tapRows, { from: at * hidden, other: at * hidden, count: hidden });
    const scale = 1 / Math.sqrt(square / hidden + normEpsilon);
    // An infinite row has scale 0, which would make a number of what is none.
    scales[at] = scale === 0 ? NaN : scale;
    return scales[at]!;
  }

  return (read, { result, row }) => {
    const hidden = read.directions.length / read.taps.length;
    const parts = new Float64Array(read.taps.length); // [probe's taps]
    for (let tap = 0; tap < parts.length; tap += 1) {
      const at = row * taps + read.taps[tap]!;
      const place = { from: at * hidden, other: tap * hidden, count: hidden };
      parts[tap] = scaleOf(result, at, hidden) * dot(result.tapRows, read.directions, place);
    }
    return parts;
  };
}

// Four sums at a time: one alone waits for itself at every addition.
function dot(
  left: Float32Array,
  right: Float32Array,
  { from, other, count }: { from: number; other: number; count: number },
): number {
  // Four names, not one pattern: taking an array apart costs as much as the sums.
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let index = 0;
  for (; index + 3 < count; index += 4) {
    first += left[from + index]! * right[other + index]!;
    second += left[from + index + 1]! * right[other + index + 1]!;
    third += left[from + index + 2]! * right[other + index + 2]!;
    fourth += left[from + index + 3]! * right[other + index + 3]!;
  }
  for (; index < count; index += 1) first += left[from + index]! * right[other + index]!;
  return first + second + (third + fourth);
}
