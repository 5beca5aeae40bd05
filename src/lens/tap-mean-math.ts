import { planTaps, openForward } from "../model/forward.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { createSlot } from "../model/slot.ts";
import { everyTap, formatTap } from "./tap.ts";

/** What averages are taken over. */
export interface TapMeansOptions {
  readonly model: PreparedModel;
  /** Running text. `[tokens]` */
  readonly ids: ArrayLike<number>;
  /** Tokens that see each other; each chunk starts anew, and its first position does not count. */
  readonly chunkTokens: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Averages of activations, at every tap in the order of computation. */
export interface TapMeans {
  /** Mean rows, then mean rows divided by their root mean square. `[2, taps, hidden]` */
  readonly values: Float32Array;
  readonly taps: number;
  readonly hidden: number;
  /** Positions that were averaged. */
  readonly positions: number;
}

/** Runs a text through the model in chunks and averages what every tap says. Position 0 is left out: it is an attention sink. */
export async function measureTapMeans({ model, ids, chunkTokens, onProgress }: TapMeansOptions): Promise<TapMeans> {
  const { architecture } = model.manifest;
  const { hidden, layers, normEpsilon } = architecture;
  const taps = everyTap(layers).map(formatTap);
  const sums = new Float64Array(2 * taps.length * hidden); // [2, taps, hidden]
  const forward = await openForward({ model, plan: planTaps(taps, chunkTokens) });
  let positions = 0;
  try {
    for (let start = 0; start + 1 < ids.length; start += chunkTokens) {
      const chunk = Array.from({ length: Math.min(chunkTokens, ids.length - start) }, (_, at) => ids[start + at] ?? 0);
      const { tapRows } = await forward.step(createSlot(architecture), chunk, "last");
      const width = taps.length * hidden;
      for (let row = 1; row < chunk.length; row += 1) {
        addRow(sums, tapRows.subarray(row * width, (row + 1) * width), { hidden, normEpsilon });
      }
      positions += chunk.length - 1;
      onProgress?.(start + chunk.length, ids.length);
    }
  } finally {
    await forward.close();
  }
  if (positions === 0) throw new Error("the text has fewer than two tokens");
  return { values: Float32Array.from(sums, (sum) => sum / positions), taps: taps.length, hidden, positions };
}

/** Adds one position's rows `[taps, hidden]` to both sums. */
function addRow(sums: Float64Array, rows: Float32Array, of: { hidden: number; normEpsilon: number }): void {
  const half = sums.length / 2;
  for (let from = 0; from < rows.length; from += of.hidden) {
    let square = 0;
    for (let index = from; index < from + of.hidden; index += 1) square += rows[index]! * rows[index]!;
    const scale = 1 / Math.sqrt(square / of.hidden + of.normEpsilon);
    for (let index = from; index < from + of.hidden; index += 1) {
      sums[index]! += rows[index]!;
      sums[half + index]! += rows[index]! * scale;
    }
  }
}
