import { openForward } from "../model/forward.ts";
import type { TapView } from "../model/graph.ts";
import type { LensHead } from "../model/lens-head.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { logSumExp, topIds } from "../model/sampler.ts";
import { createSlot } from "../model/slot.ts";
import { viewRows } from "./lens-rows.ts";
import type { LensName } from "./reading.ts";
import type { LensStatistics } from "./statistics.ts";
import type { TopToken } from "./top-tokens.ts";

/** One token ranked by lift: how far its logit at a tap lies above its mean there on ordinary text. */
export interface LiftToken extends TopToken {
  /** In nats. */
  readonly lift: number;
  /** Share of the sample's positions at which the token's logit at this tap is lower, 0 to 100. */
  readonly percentile: number;
}

/** Ordinary text that tokens are compared with. */
export interface LiftReference {
  readonly statistics: Pick<LensStatistics, "means" | "normedMeans">;
  /** Ordinary text for the percentiles. `[tokens]` */
  readonly sample: readonly number[];
}

/** Rows that are to be ranked: one a tap, through a lens already. */
export interface Ranking {
  readonly model: PreparedModel;
  readonly head: LensHead;
  readonly product: MatrixProduct;
  readonly views: readonly TapView[];
  readonly taps: readonly string[];
  readonly rows: Float32Array; // [taps, hidden]
  readonly lens: LensName;
  readonly top: number;
  readonly lift: LiftReference;
}

const SAMPLE_CHUNK_TOKENS = 64;

/**
 * Ranks the vocabulary at each tap by lift. The mean logit of `logit` is exact: the unembedding of the mean normed row. `tuned` takes
 * the logit of the mean row, and `centred` none, since what it reads has the mean taken out.
 */
export async function rankByLift(ranking: Ranking): Promise<LiftToken[][]> {
  const { head, rows, taps, top } = ranking;
  const logits = await head.logits(rows); // [taps, vocabulary]
  const means = await meanLogits(ranking); // [taps, vocabulary]
  const vocabulary = logits.length / taps.length;
  const ranked = taps.map((_, tap) => {
    const [from, to] = [tap * vocabulary, (tap + 1) * vocabulary];
    const line = logits.subarray(from, to);
    const lifts = line.map((logit, id) => logit - (means[from + id] ?? 0));
    const total = logSumExp(line);
    return topIds(lifts, top).map((id) => {
      const logit = line[id] ?? NaN;
      return { id, logit, probability: Math.exp(logit - total), lift: lifts[id] ?? NaN };
    });
  });
  const shares = await readPercentiles(ranking, ranked);
  return ranked.map((tokens, tap) =>
    tokens.map(({ id, probability, lift }, index) => ({
      id,
      probability,
      lift,
      percentile: shares[tap]?.[index] ?? NaN,
    })),
  );
}

async function meanLogits({ model, head, product, views, taps, rows, lens, lift }: Ranking): Promise<Float32Array> {
  const { hidden, normEpsilon, vocabulary } = model.manifest.architecture;
  if (lens === "centred") return new Float32Array(taps.length * vocabulary);
  const { means, normedMeans } = lift.statistics;
  const averages = new Float32Array(rows.length); // [taps, hidden]
  for (const [index, tap] of taps.entries()) {
    const [mean, view] = [lens === "tuned" ? means.get(tap) : normedMeans.get(tap), views[index]];
    if (!mean || !view) throw new Error(`the statistics have no mean of ${tap}`);
    averages.set(lens === "tuned" ? await viewRows(product, view, mean) : mean, index * hidden);
  }
  const logits = await head.logits(averages); // [taps, vocabulary]
  if (lens === "tuned") return logits;
  // The head norms what it is given; a mean of normed rows is to stay as short as it is.
  return logits.map((logit, at) => {
    const first = Math.floor(at / vocabulary) * hidden;
    return logit * rmsOf(averages.subarray(first, first + hidden), normEpsilon);
  });
}

function rmsOf(row: Float32Array, epsilon: number): number {
  return Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
}

/** Where each ranked token's logit lies among its logits at the same tap all over the sample. `[taps][tokens]` */
async function readPercentiles(
  { model, views, taps, lift }: Ranking,
  ranked: readonly (readonly { readonly id: number; readonly logit: number }[])[],
): Promise<number[][]> {
  const tokens = [...new Set(ranked.flatMap((list) => list.map(({ id }) => id)))];
  const columnOf = new Map(tokens.map((id, column) => [id, column]));
  const plan = {
    taps,
    views,
    exact: [],
    background: [],
    conceptTokens: Int32Array.from(tokens),
    contextTokens: SAMPLE_CHUNK_TOKENS,
  };
  const lower = ranked.map((list) => list.map(() => 0));
  let positions = 0;
  const forward = await openForward({ model, plan });
  try {
    for (let start = 0; start + 1 < lift.sample.length; start += SAMPLE_CHUNK_TOKENS) {
      const ids = lift.sample.slice(start, start + SAMPLE_CHUNK_TOKENS);
      const { conceptLogits } = await forward.step(createSlot(model.manifest.architecture), ids, "last");
      for (let row = 1; row < ids.length; row += 1) {
        positions += 1;
        ranked.forEach((list, tap) =>
          list.forEach(({ id, logit }, index) => {
            const at = (row * taps.length + tap) * tokens.length + (columnOf.get(id) ?? 0);
            const counts = lower[tap];
            if (counts && (conceptLogits[at] ?? NaN) < logit) counts[index] = (counts[index] ?? 0) + 1;
          }),
        );
      }
    }
  } finally {
    await forward.close();
  }
  return lower.map((counts) => counts.map((count) => (100 * count) / positions));
}
