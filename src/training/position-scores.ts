import { createAggregate, type AggregateOptions } from "../detect/aggregate.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";
import type { ActivationStore } from "./activation-store.ts";
import type { FittedDirections } from "./direction.ts";

/** Scores of every stored position by each of some fits, `[fits][positions]`; every tap is read once, piece by piece. */
export async function scorePositions(
  product: MatrixProduct,
  store: ActivationStore,
  fits: readonly FittedDirections[],
): Promise<Float32Array[]> {
  const { hidden, positions } = store;
  const scores = fits.map(({ bias }) => new Float32Array(positions).fill(bias));
  for (const tap of store.taps) {
    const users = fits.flatMap((fit, index) => {
      const at = fit.taps.indexOf(tap);
      const direction = fit.directions[at];
      return direction === undefined ? [] : [{ index, direction }];
    });
    if (users.length === 0) continue;
    const columns = new Float32Array(hidden * users.length); // [hidden, users]
    users.forEach(({ direction }, column) => {
      for (let at = 0; at < hidden; at += 1) columns[at * users.length + column] = direction[at]!;
    });
    const right = { data: columns, rows: hidden, columns: users.length };
    for (const { first, values } of store.pieces(tap)) {
      const count = values.length / hidden;
      const { data } = await product.multiply({ data: values, rows: count, columns: hidden }, right);
      users.forEach(({ index }, column) => {
        const own = scores[index]!;
        for (let at = 0; at < count; at += 1) own[first + at]! += data[at * users.length + column]!;
      });
    }
  }
  return scores;
}

/** Where the positions of a row lie, and how many of them come before the prompt's last one. */
export type RowSpans = Pick<ActivationStore, "starts" | "counts" | "beforeEnd">;

/** The largest aggregated score of each of some rows, as the gateway would have it token by token. `[rows]` */
export function largestScores(
  scores: Float32Array,
  spans: RowSpans,
  { rows, aggregate }: { readonly rows: ArrayLike<number>; readonly aggregate: AggregateOptions },
): Float64Array {
  return Float64Array.from(rows, (row) => {
    const running = createAggregate(aggregate);
    const start = spans.starts[row]!;
    let largest = -Infinity;
    const first = aggregate.compare === "prompt_end" ? start + spans.beforeEnd[row]! : start;
    for (let at = start; at < start + spans.counts[row]!; at += 1) {
      const score = running.push(scores[at]!);
      if (at >= first) largest = Math.max(largest, score);
    }
    return largest;
  });
}

/** Mean position score of some rows. */
export function meanScore(scores: Float32Array, spans: RowSpans, rows: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (const row of Array.from(rows)) {
    const start = spans.starts[row]!;
    for (let at = start; at < start + spans.counts[row]!; at += 1) sum += scores[at]!;
    count += spans.counts[row]!;
  }
  return sum / count;
}

/** The ways from position scores to one score that training compares; `start` stands for positions that were not seen yet. */
export function candidateAggregates(start: number): AggregateOptions[] {
  const forms: AggregateOptions[] = [
    { type: "mean", window: 4, start },
    { type: "mean", window: 8, start },
    { type: "mean", window: 16, start },
    { type: "mean", window: 32, start },
    { type: "mean", weight: 4, start },
    { type: "mean", weight: 16, start },
    { type: "top_k", k: 3, window: 4, start },
    { type: "top_k", k: 2, window: 8, start },
  ];
  return [
    { type: "max", window: 1 },
    ...forms,
    { type: "mean", weight: 1, start, compare: "prompt_end" },
    ...forms.map((form): AggregateOptions => ({ ...form, compare: "prompt_end" })),
  ];
}
