import { openForward, planTaps, type Forward } from "./forward.ts";
import type { PreparedModel } from "./prepared.ts";

/** The logit lens of whole rows: final norm, then unembedding. */
export interface LensHead {
  /** Lens logits of tapped rows: `[rows × hidden]` → `[rows × vocabulary]`. */
  logits(rows: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface LensHeadOptions {
  readonly model: PreparedModel;
  readonly threads?: number;
}

/** The lens of a model that is loaded already; closing it leaves the model loaded. */
export function lensHeadOf(forward: Pick<Forward, "lens">): LensHead {
  return { logits: (rows) => forward.lens(rows), close: async () => undefined };
}

/** Loads a model for its lens alone. */
export async function openLensHead({ model, threads }: LensHeadOptions): Promise<LensHead> {
  const forward = await openForward({ model, plan: planTaps([], 1), ...(threads === undefined ? {} : { threads }) });
  return { ...lensHeadOf(forward), close: () => forward.close() };
}
