import type { AffineMap, TapView } from "../model/graph.ts";
import type { LensName } from "./reading.ts";

/** What lenses other than `logit` need, by tap like `23.attn_out`. Plain data that crosses the thread boundary. */
export interface LensMaps {
  /** Mean rows over ordinary text, each `[hidden]`. */
  readonly means: ReadonlyMap<string, Float32Array>;
  /** Fitted maps to the final residual. */
  readonly tuned: ReadonlyMap<string, AffineMap>;
}

/** No means and no fitted maps: enough for `logit`. */
export const NO_LENS_MAPS: LensMaps = { means: new Map(), tuned: new Map() };

/** The view of one tap (`index` into the plan's taps) through a lens; throws an `Error` with the cure when the model lacks what it needs. */
export function viewOf(
  maps: LensMaps,
  lens: LensName,
  tap: { readonly name: string; readonly index: number },
): TapView {
  if (lens === "logit") return { tap: tap.index };
  if (lens === "centred") {
    const mean = maps.means.get(tap.name);
    if (!mean) throw new Error(`the model has no mean of ${tap.name}; add lens/statistics.bin, or take the lens logit`);
    return { tap: tap.index, mean };
  }
  const affine = maps.tuned.get(tap.name);
  if (!affine) throw new Error(`there is no tuned lens of ${tap.name}; fit one with lensgate lens fit`);
  return { tap: tap.index, affine };
}
