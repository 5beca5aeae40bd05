import { planTaps, type ForwardResult } from "../../src/model/forward.ts";
import type { GraphPlan } from "../../src/model/graph.ts";

/** A plan that returns the given taps, each with its logit lens, and reads nothing else. */
export function planOf(taps: readonly string[], changes: Partial<GraphPlan> = {}): GraphPlan {
  const views = taps.map((_, tap) => ({ tap }));
  return { ...planTaps(taps, 512), views, ...changes };
}

/** One tap's row at one new position. `[hidden]` */
export function tapRow(result: ForwardResult, at: { position: number; tap: number; taps: number }): Float32Array {
  const hidden = result.tapRows.length / result.positions / at.taps;
  const start = (at.position * at.taps + at.tap) * hidden;
  return result.tapRows.subarray(start, start + hidden);
}

/** The logits of one row. `[vocabulary]` */
export function logitRow(logits: Float32Array, row: number, vocabulary: number): Float32Array {
  return logits.subarray(row * vocabulary, (row + 1) * vocabulary);
}
