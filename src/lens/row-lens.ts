import type { ForwardResult } from "../model/forward.ts";
import type { TapView } from "../model/graph.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { readFinalNorm, readUnembeddingRows } from "../model/weights.ts";
import { viewRows } from "./lens-rows.ts";
import type { ReadPlan } from "./read-plan.ts";
import { logSumExpRows, normRows, transpose } from "./row-lens-math.ts";

/** What the views of a plan say of rows that were tapped before: in float32, where the serving graph compares with 8-bit rows. */
export interface RowLens {
  /** `[S, plan's taps, hidden]` → what a pass over S positions would have returned, without its logits. */
  read(rows: Float32Array): Promise<ForwardResult>;
}

export interface RowLensOptions {
  readonly model: PreparedModel;
  /** Without exact yardsticks. */
  readonly plan: ReadPlan;
  readonly product: MatrixProduct;
}

const EMPTY = new Float32Array(0); // [0]

/** Reads the rows of the unembedding that a plan compares with. */
export function openRowLens({ model, plan, product }: RowLensOptions): RowLens {
  const { hidden, normEpsilon } = model.manifest.architecture;
  const { taps, views, background, conceptTokens, exact } = plan.forward;
  if (exact.length > 0) throw new Error("rows are not compared with the whole vocabulary");
  const weight = readFinalNorm(model);
  const columnsOf = (tokens: ArrayLike<number>) => ({
    data: transpose(readUnembeddingRows(model, tokens), hidden), // [hidden, tokens]
    rows: hidden,
    columns: tokens.length,
  });
  const concepts = columnsOf(conceptTokens);
  const samples = background.map((group) => ({ group, columns: columnsOf(group.tokens) }));

  /** `[S, views, hidden]` → `[S, chosen views, columns]`. */
  async function logits(normed: Float32Array, chosen: readonly number[], columns: ReturnType<typeof columnsOf>) {
    const data = pickViews(normed, { chosen, views: views.length, hidden });
    const { data: found } = await product.multiply({ data, rows: data.length / hidden, columns: hidden }, columns);
    return found;
  }

  return {
    async read(rows) {
      const positions = rows.length / (taps.length * hidden);
      const seen = await throughViews(product, rows, { views, taps: taps.length, hidden });
      const normed = normRows(seen, weight, normEpsilon);
      const every = views.map((_, index) => index);
      const masses: Float32Array[] = [];
      for (const { group, columns } of samples) {
        masses.push(logSumExpRows(await logits(normed, group.views, columns), columns.columns));
      }
      const conceptLogits = await logits(normed, every, concepts);
      return {
        positions,
        logits: EMPTY,
        tapRows: rows,
        conceptLogits,
        background: masses,
        exact: EMPTY,
        exactConcepts: EMPTY,
      };
    },
  };
}

interface Through {
  readonly views: readonly TapView[];
  readonly taps: number;
  readonly hidden: number;
}

/** `[S, taps, hidden]` → `[S, views, hidden]`. */
async function throughViews(product: MatrixProduct, rows: Float32Array, of: Through): Promise<Float32Array> {
  const { views, taps, hidden } = of;
  const positions = rows.length / (taps * hidden);
  const seen = new Float32Array(positions * views.length * hidden); // [S, views, hidden]
  for (const [index, view] of views.entries()) {
    const own = pickViews(rows, { chosen: [view.tap], views: taps, hidden }); // [S, hidden]
    const mapped = await viewRows(product, view, own);
    for (let row = 0; row < positions; row += 1) {
      seen.set(mapped.subarray(row * hidden, (row + 1) * hidden), (row * views.length + index) * hidden);
    }
  }
  return seen;
}

interface Picked {
  readonly chosen: readonly number[];
  readonly views: number;
  readonly hidden: number;
}

/** `[S, views, hidden]` → `[S, chosen, hidden]`. */
function pickViews(rows: Float32Array, { chosen, views, hidden }: Picked): Float32Array {
  const positions = rows.length / (views * hidden);
  if (chosen.length === views && chosen.every((view, index) => view === index)) return rows;
  const picked = new Float32Array(positions * chosen.length * hidden); // [S, chosen, hidden]
  for (let row = 0; row < positions; row += 1) {
    chosen.forEach((view, index) => {
      const from = (row * views + view) * hidden;
      picked.set(rows.subarray(from, from + hidden), (row * chosen.length + index) * hidden);
    });
  }
  return picked;
}
