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
    const scale = scaleRow(result.tapRows, at * hidden, { hidden, normEpsilon });
    scales[at] = scale;
    return scale;
  }

  return (read, { result, row }) => {
    const hidden = read.directions.length / read.taps.length;
    const parts = new Float64Array(read.taps.length); // [probe's taps]
    for (let tap = 0; tap < parts.length; tap += 1) {
      const at = row * taps + read.taps[tap]!;
      const product = dot(result.tapRows, at * hidden, { directions: read.directions, from: tap * hidden, hidden });
      parts[tap] = scaleOf(result, at, hidden) * product;
    }
    return parts;
  };
}

function scaleRow(rows: Float32Array, from: number, of: { hidden: number; normEpsilon: number }): number {
  let sum = 0;
  for (let index = from; index < from + of.hidden; index += 1) sum += rows[index]! * rows[index]!;
  const scale = 1 / Math.sqrt(sum / of.hidden + of.normEpsilon);
  // An infinite row has scale 0, which would make a number of what is none.
  return scale === 0 ? NaN : scale;
}

// Four sums at a time: one alone waits for itself at every addition.
function dot(
  rows: Float32Array,
  start: number,
  of: { directions: Float32Array; from: number; hidden: number },
): number {
  const { directions, from, hidden } = of;
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 3 < hidden; index += 4) {
    first += rows[start + index]! * directions[from + index]!;
    second += rows[start + index + 1]! * directions[from + index + 1]!;
    third += rows[start + index + 2]! * directions[from + index + 2]!;
    fourth += rows[start + index + 3]! * directions[from + index + 3]!;
  }
  for (; index < hidden; index += 1) first += rows[start + index]! * directions[from + index]!;
  return first + second + (third + fourth);
}
