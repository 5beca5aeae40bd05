import type { Forward } from "../src/model/forward.ts";
import type { Slot } from "../src/model/slot.ts";
import { agreeOnTop, klDivergence, logProbability } from "./divergence.ts";

export interface FidelityOptions {
  readonly exact: Forward;
  readonly fast: Forward;
  readonly createSlot: () => Slot;
  /** Running text; every token but the last one predicts its successor. `[tokens]` */
  readonly ids: ArrayLike<number>;
  /** Tokens that see each other; each window starts anew. */
  readonly windowTokens: number;
  /** Tokens of one pass: 1 is decoding, as many as a window is prefilling at once. */
  readonly chunkTokens: number;
}

/** Fast precision against exact precision, over the same text. */
export interface Fidelity {
  readonly positions: number;
  /** Mean KL(exact ‖ fast) of the next-token distribution, in nats. */
  readonly meanKl: number;
  /** Share of positions with the same most likely token. */
  readonly top1: number;
  readonly exactPerplexity: number;
  readonly fastPerplexity: number;
}

/** Runs the text through both and compares them position by position. */
export async function measureFidelity(options: FidelityOptions): Promise<Fidelity> {
  const ids = Array.from(options.ids);
  const positions = ids.length - 1;
  const sums = { kl: 0, same: 0, exact: 0, fast: 0 };
  for (let start = 0; start < positions; start += options.windowTokens) {
    const window = ids.slice(start, Math.min(start + options.windowTokens, positions));
    const exact = await readLogits(options.exact, window, options);
    const fast = await readLogits(options.fast, window, options);
    window.forEach((_, index) => {
      const [reference, other] = [exact[index] ?? EMPTY, fast[index] ?? EMPTY];
      const next = ids[start + index + 1] ?? 0;
      sums.kl += klDivergence(reference, other);
      sums.same += agreeOnTop(reference, other) ? 1 : 0;
      sums.exact += logProbability(reference, next);
      sums.fast += logProbability(other, next);
    });
  }
  return {
    positions,
    meanKl: sums.kl / positions,
    top1: sums.same / positions,
    exactPerplexity: Math.exp(-sums.exact / positions),
    fastPerplexity: Math.exp(-sums.fast / positions),
  };
}

const EMPTY = new Float32Array(0); // [0]

// One row of logits a position, each [vocabulary].
async function readLogits(
  forward: Forward,
  window: readonly number[],
  options: FidelityOptions,
): Promise<Float32Array[]> {
  const slot = options.createSlot();
  const rows: Float32Array[] = [];
  for (let start = 0; start < window.length; start += options.chunkTokens) {
    const chunk = window.slice(start, start + options.chunkTokens);
    const { logits } = await forward.step(slot, chunk, "all");
    const vocabulary = logits.length / chunk.length;
    for (let row = 0; row < chunk.length; row += 1)
      rows.push(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
  }
  return rows;
}
