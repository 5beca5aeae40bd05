import type { MatrixProduct } from "../model/matrix-product.ts";
import type { ActivationStore } from "../training/activation-store.ts";
import { kernelsOf, poolTap, type Pool } from "../training/features.ts";
import { innerFolds } from "../training/recipe-search.ts";
import { leaveGroupsOut } from "../training/ridge.ts";
import { separationOf } from "./group-intervals.ts";
import type { LayerCell } from "./heat-chart.ts";

/** Stored rows of taps with label and group of each row, and how positions become one row. */
export interface TapMapOptions {
  readonly product: MatrixProduct;
  readonly store: ActivationStore;
  readonly labels: Uint8Array; // [rows]
  readonly groups: readonly string[]; // [rows]
  readonly pool: Pool;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Strength of every probe, against kernels with a scale of about 1: nothing is chosen, so that taps can be compared. */
const LAMBDA = 1;

/**
 * How well a ridge probe on each stored tap alone tells the classes apart on groups that it did not learn from: four folds (fewer where a class
 * has fewer groups), with 95 % intervals by bootstrap over groups. One tap in memory at a time. Throws an `Error` where a class is of one group.
 */
export async function mapTaps(options: TapMapOptions): Promise<LayerCell[]> {
  const { product, store, labels, groups, pool, seed, onProgress } = options;
  const every = Int32Array.from(labels, (_, row) => row);
  const folds = innerFolds(every, { labels, groups, seed });
  const cells: LayerCell[] = [];
  for (const tap of store.taps) {
    const features = { rows: labels.length, hidden: store.hidden, taps: new Map([[tap, poolTap(store, tap)]]) };
    const [found] = await kernelsOf(product, features, { choices: [{ set: { name: tap, taps: [tap] }, pool }] });
    if (found === undefined) throw new Error(`there is no kernel of ${tap}`);
    const [scores = new Float64Array(0)] = leaveGroupsOut(found.kernel, labels, { folds, lambdas: [LAMBDA] });
    const { value: auroc, low, high } = separationOf({ scores, labels, groups }, { seed }).auroc;
    const [layer = "", point = ""] = tap.split(".");
    cells.push({ tap, layer: Number(layer), point, auroc, low, high });
    onProgress?.(cells.length, store.taps.length);
  }
  return cells;
}
