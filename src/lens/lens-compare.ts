import { openForward, planTaps, type Forward, type ForwardResult } from "../model/forward.ts";
import { openMatrixProduct, type MatrixProduct } from "../model/matrix-product.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { createSlot } from "../model/slot.ts";
import { createReference, distanceFrom, highestOf, type Distance } from "./distribution-math.ts";
import { viewOf, type LensMaps } from "./lens-maps.ts";
import { viewRows } from "./lens-rows.ts";
import type { LensName } from "./reading.ts";

/** One lens at one tap, like `centred` at `23.attn_out`. */
export interface LensAtTap {
  readonly lens: LensName;
  readonly tap: string;
}

/** Runs texts and shows what lenses make of them. */
export interface LensComparer {
  /** Distances to the model's own distribution at every position of a chunk but its first. `[lenses][positions − 1]` */
  distances(ids: readonly number[]): Promise<Distance[][]>;
  /** The most likely token of the model itself at the last position of a text, and that of every lens. */
  lastTokens(ids: readonly number[]): Promise<{ readonly final: number; readonly lenses: readonly number[] }>;
  close(): Promise<void>;
}

export interface LensComparerOptions {
  readonly model: PreparedModel;
  readonly maps: LensMaps;
  readonly lenses: readonly LensAtTap[];
  /** Tokens of the longest text or chunk. */
  readonly contextTokens: number;
}

// Rows that are unembedded at a time: 64 of them take 13 MB.
const ROWS_AT_A_TIME = 64;

/** Opens the model with every tap that a lens looks at. Throws an `Error` for a lens that the model lacks. */
export async function openLensComparer(options: LensComparerOptions): Promise<LensComparer> {
  const { model, maps, lenses, contextTokens } = options;
  const { architecture } = model.manifest;
  const taps = [...new Set(lenses.map(({ tap }) => tap))];
  const views = lenses.map(({ lens, tap }) => viewOf(maps, lens, { name: tap, index: taps.indexOf(tap) }));
  const forward = await openForward({ model, plan: planTaps(taps, contextTokens) });
  const product = await openMatrixProduct();
  const run = (ids: readonly number[], logits: "last" | "all") => forward.step(createSlot(architecture), ids, logits);
  const parts: Parts = { forward, product, hidden: architecture.hidden, vocabulary: architecture.vocabulary };
  return {
    async distances(ids) {
      const result = await run(ids, "all");
      const rows = Array.from({ length: ids.length - 1 }, (_, index) => index + 1);
      const references = rows.map((row) =>
        createReference(result.logits.subarray(row * parts.vocabulary, (row + 1) * parts.vocabulary)),
      );
      const all: Distance[][] = [];
      for (const view of views) {
        const distances: Distance[] = [];
        await eachLogits(parts, await rowsThrough(parts, { result, rows, view }), (logits, index) => {
          const reference = references[index];
          if (reference) distances.push(distanceFrom(reference, logits));
        });
        all.push(distances);
      }
      return all;
    },
    async lastTokens(ids) {
      const result = await run(ids, "last");
      const rows = new Float32Array(views.length * parts.hidden); // [views, hidden]
      for (const [index, view] of views.entries()) {
        rows.set(await rowsThrough(parts, { result, rows: [ids.length - 1], view }), index * parts.hidden);
      }
      const found: number[] = [];
      await eachLogits(parts, rows, (logits) => found.push(highestOf(logits)));
      return { final: highestOf(result.logits), lenses: found };
    },
    async close() {
      await product.close();
      await forward.close();
    },
  };
}

interface Parts {
  readonly forward: Forward;
  readonly product: MatrixProduct;
  readonly hidden: number;
  readonly vocabulary: number;
}

interface Wanted {
  readonly result: ForwardResult;
  /** Rows of the result, 0 to S − 1. */
  readonly rows: readonly number[];
  readonly view: ReturnType<typeof viewOf>;
}

/** Rows of one tap through a view, before the final norm. `[rows, hidden]` */
function rowsThrough({ forward, product, hidden }: Parts, { result, rows, view }: Wanted): Promise<Float32Array> {
  const taps = forward.plan.taps.length;
  const raw = new Float32Array(rows.length * hidden); // [rows, hidden]
  rows.forEach((row, index) => {
    const from = (row * taps + view.tap) * hidden;
    raw.set(result.tapRows.subarray(from, from + hidden), index * hidden);
  });
  return viewRows(product, view, raw);
}

/** Hands over the lens logits `[vocabulary]` of each row, with its index. */
async function eachLogits(
  { forward, hidden, vocabulary }: Parts,
  rows: Float32Array,
  take: (logits: Float32Array, index: number) => void,
): Promise<void> {
  const count = rows.length / hidden;
  for (let first = 0; first < count; first += ROWS_AT_A_TIME) {
    const some = Math.min(ROWS_AT_A_TIME, count - first);
    const logits = await forward.lens(rows.slice(first * hidden, (first + some) * hidden)); // [some, vocabulary]
    for (let row = 0; row < some; row += 1)
      take(logits.subarray(row * vocabulary, (row + 1) * vocabulary), first + row);
  }
}
