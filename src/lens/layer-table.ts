import { openForward, planTaps } from "../model/forward.ts";
import { lensHeadOf } from "../model/lens-head.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { createSlot } from "../model/slot.ts";
import { readTopTokens, type TopToken } from "./top-tokens.ts";

export interface LayerTableOptions {
  readonly prepared: PreparedModel;
  /** Token ids of the text. `[tokens]` */
  readonly ids: ArrayLike<number>;
  /** Position to look at, 0 to tokens − 1. */
  readonly position: number;
  /** Taps like `23.attn_out`. */
  readonly taps: readonly string[];
  readonly top: number;
}

/** The logit lens of many taps at one position: what the layers say. One list a tap, strongest first. */
export async function readLayerTable(options: LayerTableOptions): Promise<Map<string, TopToken[]>> {
  const { prepared: model, ids, position, taps, top } = options;
  if (!(position >= 0 && position < ids.length))
    throw new RangeError(`there is no position ${position} in ${ids.length} tokens`);
  const { architecture } = model.manifest;
  const forward = await openForward({ model, plan: planTaps(taps, ids.length) });
  try {
    const result = await forward.step(createSlot(architecture), ids, "last");
    const width = taps.length * architecture.hidden;
    const rows = result.tapRows.subarray(position * width, (position + 1) * width); // [taps, hidden]
    const tables = await readTopTokens(lensHeadOf(forward), rows, { hidden: architecture.hidden, count: top });
    return new Map(taps.map((tap, index) => [tap, tables[index] ?? []]));
  } finally {
    await forward.close();
  }
}
