import type { LensHead } from "../model/lens-head.ts";
import { logSumExp, topIds } from "../model/sampler.ts";

/** One token of a lens, probability from 0 to 1. */
export interface TopToken {
  readonly id: number;
  readonly probability: number;
}

/** The most likely tokens of the logit lens of each row: `[rows × hidden]` → one list a row, strongest first. */
export async function readTopTokens(
  head: LensHead,
  rows: Float32Array,
  options: { hidden: number; count: number },
): Promise<TopToken[][]> {
  const logits = await head.logits(rows); // [rows, vocabulary]
  const height = rows.length / options.hidden;
  const vocabulary = logits.length / height;
  return Array.from({ length: height }, (_, row) => {
    const line = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    const total = logSumExp(line);
    return topIds(line, options.count).map((id) => ({ id, probability: Math.exp((line[id] ?? -Infinity) - total) }));
  });
}
