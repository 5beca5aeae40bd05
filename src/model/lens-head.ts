import { buildLensGraph } from "./graph.ts";
import type { PreparedModel } from "./prepared.ts";
import { openSession } from "./session.ts";

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

/** Loads the unembedding alone, beside the forward graph. */
export async function openLensHead({ model, threads }: LensHeadOptions): Promise<LensHead> {
  const { hidden } = model.manifest.architecture;
  const session = await openSession({
    graph: buildLensGraph(model),
    folder: model.folder,
    ...(threads === undefined ? {} : { threads }),
  });
  return {
    async logits(rows) {
      const results = await session.run({
        rows: { type: "float32", data: rows, dims: [rows.length / hidden, hidden] },
      });
      const logits = results["logits"]?.data;
      if (!logits) throw new Error("the lens graph returned no logits");
      return logits; // [rows, vocabulary]
    },
    close: () => session.close(),
  };
}
