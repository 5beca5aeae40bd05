import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapTaps, type TapMapOptions } from "../../src/evaluation/tap-map.ts";
import { openMatrixProduct, type MatrixProduct } from "../../src/model/matrix-product.ts";
import { drawsFrom } from "../../src/training/random.ts";
import { makeStore } from "../support/made-store.ts";

const TAPS = ["0.attn_out", "0.mlp_out", "7.attn_out"];
const ROWS = 60;
const LABELS = Uint8Array.from({ length: ROWS }, (_, row) => row % 2);
const GROUPS = Array.from({ length: ROWS }, (_, row) => `pair ${row >> 1}`);
const COUNTS = Array.from({ length: ROWS }, () => 4);

let product: MatrixProduct;
beforeAll(async () => {
  product = await openMatrixProduct({ threads: 1 });
});
afterAll(() => product.close());

function optionsOf(changes: Partial<TapMapOptions> = {}): TapMapOptions {
  // The first tap says nothing, the last one all.
  const signal = ({ tap, row, dimension }: { tap: number; row: number; dimension: number }) =>
    dimension < 4 && row % 2 === 1 ? ([0, 0.3, 1.5][tap] ?? 0) : 0;
  const store = makeStore({ taps: TAPS, hidden: 12, counts: COUNTS, signal });
  return { product, store, labels: LABELS, groups: GROUPS, pool: "mean", seed: 1, ...changes };
}

describe("a map of taps", () => {
  it("has each tap's AUROC on groups that were left out, with an interval", async () => {
    const steps: number[] = [];
    const cells = await mapTaps(optionsOf({ onProgress: (done) => steps.push(done) }));
    expect(steps).toEqual([1, 2, 3]);
    expect(cells.map(({ tap, layer, point }) => [tap, layer, point])).toEqual([
      ["0.attn_out", 0, "attn_out"],
      ["0.mlp_out", 0, "mlp_out"],
      ["7.attn_out", 7, "attn_out"],
    ]);
    const [none, some, all] = cells;
    expect(none?.low).toBeLessThan(0.5);
    expect(none?.high).toBeGreaterThan(0.5 - 0.1);
    expect(some?.auroc).toBeGreaterThan(none?.auroc ?? 1);
    expect(all?.auroc).toBeGreaterThan(0.97);
    for (const { low, auroc, high } of cells) {
      expect(low).toBeLessThanOrEqual(auroc);
      expect(auroc).toBeLessThanOrEqual(high);
      expect(high - low).toBeGreaterThan(0);
    }
  });

  it("is at chance for labels that follow chance: no row is scored by a probe that learned from its group", async () => {
    const areas: number[] = [];
    for (let seed = 1; seed <= 12; seed += 1) {
      // Both rows of a pair are nearly the same: a leak would score them right.
      const draw = drawsFrom(seed);
      const own = Array.from({ length: 30 * 40 }, () => draw(1000) / 1000);
      const signal = ({ row, dimension }: { row: number; dimension: number }) =>
        12 * ((own[(row >> 1) * 40 + dimension] ?? 0) - 0.5);
      const store = makeStore({ taps: ["0.attn_out"], hidden: 40, counts: COUNTS, seed: seed + 50, signal });
      const chance = Array.from({ length: 30 }, () => draw(2));
      const labels = Uint8Array.from({ length: ROWS }, (_, row) => chance[row >> 1] ?? 0);
      const [cell] = await mapTaps(optionsOf({ store, labels, seed }));
      areas.push(cell?.auroc ?? NaN);
    }
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
    // Few groups lean to the other side: what is left out is what the rest lacks.
    expect(mean).toBeGreaterThan(0.3);
    expect(mean).toBeLessThan(0.6);
  });

  it("is refused where a class is of one group", async () => {
    const groups = GROUPS.map((group, row) => (LABELS[row] === 1 ? "one" : group));
    await expect(mapTaps(optionsOf({ groups }))).rejects.toThrow("all rows of one class are of one group");
  });
});
