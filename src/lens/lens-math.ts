import type { ForwardResult } from "../model/forward.ts";
import { logSumExp } from "../model/sampler.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { Reading } from "./reading.ts";

/** Looks a read up in the result of one forward pass, at one of its new positions (0 to S − 1). */
export type Reader = (result: ForwardResult, row: number, index: number) => Reading;

// Taking the concept out of the background is a difference of like numbers; beyond this many nats it says nothing.
const FLOOR_NATS = 12;

/** Scores readings by the definition: LSE(concept rows) − LSE(background rows) − ln(V / size of background). */
export function createReader(plan: ReadPlan): Reader {
  const taps = plan.forward.taps.length;
  const concepts = Math.max(1, plan.forward.conceptTokens.length);
  return (result, row, index) => {
    const read = plan.reads[index];
    if (!read) throw new Error(`there is no read number ${index}`);
    const start = (row * taps + read.tap) * concepts;
    const at = (column: number) => result.conceptLogits[start + column]!;
    const logits = Float32Array.from(read.columns, at); // [tokens]
    const concept = logSumExp(logits);
    const { yardstick } = read;
    if (yardstick.type === "exact") {
      const all = result.exact[row * plan.forward.exact.length + yardstick.index]!;
      return { logOdds: atMostZero(concept - all), logits };
    }
    const width = plan.forward.background[yardstick.group]!.taps.length;
    const sample = result.background[yardstick.group]![row * width + yardstick.index]!;
    const rest = without(sample, yardstick.overlap, at);
    return { logOdds: concept - rest - Math.log(plan.vocabulary / yardstick.size), logits };
  };
}

// A probability's logarithm; the rounding of two sums can leave it just above 0. NaN stays NaN: a broken reading must show.
function atMostZero(value: number): number {
  return value > 0 ? 0 : value;
}

// ln(e^all − Σ e^overlap), never below all − FLOOR_NATS.
function without(all: number, overlap: Int32Array, at: (column: number) => number): number {
  if (overlap.length === 0) return all;
  let share = 0;
  for (const column of overlap) share += Math.exp(at(column) - all);
  if (Number.isNaN(share)) return NaN;
  return all + Math.max(-FLOOR_NATS, Math.log(Math.max(0, 1 - share)));
}
