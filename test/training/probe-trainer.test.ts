import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTap } from "../../src/lens/tap.ts";
import { openMatrixProduct, type MatrixProduct } from "../../src/model/matrix-product.ts";
import { kernelsOf, poolActivations } from "../../src/training/features.ts";
import { assignFolds } from "../../src/training/folds.ts";
import { largestScores, scorePositions } from "../../src/training/position-scores.ts";
import { trainProbe, type TrainerOptions } from "../../src/training/probe-trainer.ts";
import { drawsFrom } from "../../src/training/random.ts";
import { auroc } from "../../src/training/rates.ts";
import { pairsOf } from "../../src/training/recipe-search.ts";
import { tapSetsOf } from "../../src/training/tap-sets.ts";
import { makeStore } from "../support/made-store.ts";

const TAPS = ["1.attn_out", "1.mlp_out", "2.attn_out"];
const LAYERS = 3;

let product: MatrixProduct;
beforeAll(async () => {
  product = await openMatrixProduct({ threads: 1 });
});
afterAll(() => product.close());

interface Made {
  readonly labels: Uint8Array;
  readonly groups: readonly string[];
  /** How far the classes lie apart. */
  readonly strength: number;
  readonly seed?: number;
  /** Rows that only help to learn. */
  readonly extra?: readonly number[];
}

async function makeOptions({ labels, groups, strength, seed = 1, extra = [] }: Made): Promise<TrainerOptions> {
  const truth = Uint8Array.from(labels);
  const store = makeStore({
    taps: TAPS,
    hidden: 16,
    counts: Array.from(labels, (_, row) => 2 + (row % 5)),
    seed,
    signal: ({ row, dimension }) => (dimension < 4 && truth[row] === 1 ? strength : 0),
  });
  const features = poolActivations(store);
  const choices = pairsOf(
    tapSetsOf(
      TAPS.map((tap) => parseTap(tap, LAYERS)),
      LAYERS,
    ),
  );
  const candidates = await kernelsOf(product, features, { choices });
  const scored = Uint8Array.from(labels, (_, row) => (extra.includes(row) ? 0 : 1));
  const weights = Float32Array.from(scored, (own) => (own === 1 ? 1 : 0.5));
  const outer = assignFolds(groups, Math.min(4, new Set(groups).size), seed);
  const strata = groups.map(() => "");
  return { product, store, features, candidates, labels, groups, outer, scored, weights, strata, seed };
}

const pairs = (n: number) => Array.from({ length: n }, (_, row) => `pair ${row >> 1}`);
const alternating = (n: number) => Uint8Array.from({ length: n }, (_, row) => row % 2);

describe("a trained probe", () => {
  it("comes in the unit of rows without the concept: their held-out scores have mean 0 and spread 1", async () => {
    const options = await makeOptions({ labels: alternating(64), groups: pairs(64), strength: 0.8 });
    const { probe } = await trainProbe(options);
    const negatives = Array.from(probe.heldOut).filter((_, index) => options.labels[probe.rows[index] ?? 0] === 0);
    const mean = negatives.reduce((sum, score) => sum + score, 0) / negatives.length;
    const variance = negatives.reduce((sum, score) => sum + (score - mean) ** 2, 0) / negatives.length;
    expect(negatives.length).toBe(32);
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 6);
    expect(
      auroc(
        probe.heldOut,
        Uint8Array.from(probe.rows, (row) => options.labels[row] ?? 0),
      ),
    ).toBeGreaterThan(0.9);
  });

  it("scores in that unit as its definition would: directions, bias and aggregate go together", async () => {
    const options = await makeOptions({ labels: alternating(64), groups: pairs(64), strength: 0.8 });
    const { probe } = await trainProbe(options);
    const [positions = new Float32Array(0)] = await scorePositions(product, options.store, [probe]);
    const scores = largestScores(positions, options.store, { rows: probe.rows, aggregate: probe.aggregate });
    // Fitted on these very rows, it scores near what fits without them gave.
    const differences = Array.from(scores, (score, index) => Math.abs(score - (probe.heldOut[index] ?? NaN)));
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1);
    expect(probe.taps.length).toBe(probe.directions.length);
    expect(probe.recipe.set.taps).toEqual(probe.taps);
  });

  it("is measured on the rows that count, and learns from the others", async () => {
    const extra = Array.from({ length: 32 }, (_, index) => 32 + index);
    const options = await makeOptions({ labels: alternating(64), groups: pairs(64), strength: 0.8, extra });
    const { probe, nested } = await trainProbe(options);
    expect(Array.from(probe.rows)).toEqual(Array.from({ length: 32 }, (_, row) => row));
    expect(Array.from(nested.scores, Number.isNaN)).toEqual(Array.from({ length: 64 }, (_, row) => row >= 32));
  });
});

describe("nested scores", () => {
  it("tell apart what can be told apart", async () => {
    const options = await makeOptions({ labels: alternating(64), groups: pairs(64), strength: 0.8 });
    const { nested } = await trainProbe(options);
    expect(nested.folds.length).toBe(4);
    expect(auroc(nested.scores, options.labels)).toBeGreaterThan(0.9);
  });

  it("are at chance for labels that follow chance, although the search takes the best of many", async () => {
    const found: number[] = [];
    const searched: number[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const draw = drawsFrom(seed * 77);
      const labels = Uint8Array.from({ length: 72 }, () => draw(2));
      const options = await makeOptions({ labels, groups: pairs(72), strength: 0, seed });
      const { nested, probe } = await trainProbe(options);
      found.push(auroc(nested.scores, labels));
      searched.push(probe.recipe.auroc);
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(found) - 0.5)).toBeLessThan(0.07);
    // What the search itself reports is what it chose by: it is no measure.
    expect(mean(searched)).toBeGreaterThan(mean(found));
  });

  it("do not change when the labels of the fold that is left out do, those of rows that only help to learn among them", async () => {
    const groups = Array.from({ length: 72 }, (_, row) => `pair ${(row % 36) >> 1}`);
    const extra = Array.from({ length: 36 }, (_, index) => 36 + index);
    const options = await makeOptions({ labels: alternating(72), groups, strength: 0.4, extra });
    const { nested } = await trainProbe(options);
    const inFold = (row: number) => options.outer[row] === 1;
    const flipped = options.labels.map((label, row) => (inFold(row) ? 1 - label : label));
    const other = await trainProbe({ ...options, labels: flipped });
    const measured = Array.from({ length: 36 }, (_, row) => row);
    const left = measured.filter(inFold);
    expect(left.length).toBeGreaterThan(4);
    for (const row of left) expect(other.nested.scores[row]).toBe(nested.scores[row]);
    expect(measured.some((row) => !inFold(row) && other.nested.scores[row] !== nested.scores[row])).toBe(true);
  });
});

describe("a probe that cannot be trained", () => {
  it("is refused with one class", async () => {
    const options = await makeOptions({ labels: new Uint8Array(20), groups: pairs(20), strength: 0 });
    await expect(trainProbe(options)).rejects.toThrow(/one group|both classes/);
  });

  it("is refused with one group a class", async () => {
    const labels = alternating(40);
    const groups = Array.from(labels, (label) => `class ${label}`);
    const options = await makeOptions({ labels, groups, strength: 1 });
    await expect(trainProbe(options)).rejects.toThrow("all rows of one class are of one group");
  });

  it("is trained on ten rows, or refused by name", async () => {
    const options = await makeOptions({ labels: alternating(10), groups: pairs(10), strength: 2 });
    const { probe, nested } = await trainProbe(options);
    expect(probe.heldOut.every(Number.isFinite)).toBe(true);
    expect(nested.scores.every(Number.isFinite)).toBe(true);
  });
});
