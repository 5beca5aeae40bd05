import { openForward, planTaps } from "../model/forward.ts";
import { lensHeadOf } from "../model/lens-head.ts";
import { openMatrixProduct, type MatrixProduct } from "../model/matrix-product.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { createSlot } from "../model/slot.ts";
import { NO_LENS_MAPS, viewOf, type LensMaps } from "./lens-maps.ts";
import { viewRows } from "./lens-rows.ts";
import { rankByLift, type LiftToken, type LiftReference } from "./lift.ts";
import type { LensName } from "./reading.ts";
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
  /** `logit` when absent. */
  readonly lens?: LensName;
  /** Needed for lenses other than `logit`. */
  readonly maps?: LensMaps;
  /** Rank by lift over this, not by probability. */
  readonly lift?: LiftReference;
}

/** One lens of many taps at one position: what the layers say. One list a tap, strongest first; with `lift` the tokens have theirs. */
export async function readLayerTable(options: LayerTableOptions): Promise<Map<string, (TopToken | LiftToken)[]>> {
  const { prepared: model, ids, position, taps, top, lens = "logit", maps = NO_LENS_MAPS, lift } = options;
  if (!(position >= 0 && position < ids.length))
    throw new RangeError(`there is no position ${position} in ${ids.length} tokens`);
  const { hidden } = model.manifest.architecture;
  const views = taps.map((name, index) => viewOf(maps, lens, { name, index }));
  const forward = await openForward({ model, plan: planTaps(taps, ids.length) });
  const product = await openMatrixProduct();
  try {
    const result = await forward.step(createSlot(model.manifest.architecture), ids, "last");
    const width = taps.length * hidden;
    const raw = result.tapRows.subarray(position * width, (position + 1) * width); // [taps, hidden]
    const rows = await eachView({ product, views, hidden }, raw);
    const head = lensHeadOf(forward);
    const tables = lift
      ? await rankByLift({ model, head, product, views, taps, rows, lens, top, lift })
      : await readTopTokens(head, rows, { hidden, count: top });
    return new Map(taps.map((tap, index) => [tap, tables[index] ?? []]));
  } finally {
    await product.close();
    await forward.close();
  }
}

interface Views {
  readonly product: MatrixProduct;
  readonly views: readonly ReturnType<typeof viewOf>[];
  readonly hidden: number;
}

/** One row a view: `[views, hidden]` → the same shape. */
async function eachView({ product, views, hidden }: Views, raw: Float32Array): Promise<Float32Array> {
  const rows = new Float32Array(raw.length); // [views, hidden]
  for (const [index, view] of views.entries()) {
    const one = raw.slice(index * hidden, (index + 1) * hidden);
    rows.set(await viewRows(product, view, one), index * hidden);
  }
  return rows;
}
