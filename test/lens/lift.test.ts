import { describe, expect, it } from "vitest";
import { readLayerTable } from "../../src/lens/layer-table.ts";
import type { LiftReference, LiftToken } from "../../src/lens/lift.ts";
import { NO_LENS_MAPS } from "../../src/lens/lens-maps.ts";
import { openForward, planTaps } from "../../src/model/forward.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const TAP = "1.mlp_out";
const IDS = [5, 80, 33, 7];
const SAMPLE = Array.from({ length: 150 }, (_, index) => (index * 37 + 5) % 128);
const { hidden, vocabulary } = TINY;

async function logitsOf(rows: Float32Array): Promise<Float32Array> {
  const model = await openTiny("exact");
  const forward = await openForward({ model, plan: planTaps([TAP], 8) });
  const logits = await forward.lens(rows);
  await forward.close();
  return logits;
}

async function lastRow(): Promise<Float32Array> {
  const model = await openTiny("exact");
  const forward = await openForward({ model, plan: planTaps([TAP], 8) });
  const { tapRows } = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
  await forward.close();
  return tapRows.slice(3 * hidden);
}

async function ranked(lift: LiftReference, lens: "logit" | "centred" | "tuned" = "logit", maps = NO_LENS_MAPS) {
  const prepared = await openTiny("exact");
  const table = await readLayerTable({ prepared, ids: IDS, position: 3, taps: [TAP], top: 5, lift, lens, maps });
  return (table.get(TAP) ?? []) as LiftToken[];
}

const filled = (value: (index: number) => number) => Float32Array.from({ length: hidden }, (_, index) => value(index));
const referenceOf = (mean: Float32Array, normed: Float32Array): LiftReference => ({
  statistics: { means: new Map([[TAP, mean]]), normedMeans: new Map([[TAP, normed]]) },
  sample: SAMPLE,
});

describe("lift", () => {
  it("is the logit minus the mean logit, which is linear in the mean normed row", async () => {
    const normed = filled((index) => Math.cos(index) / 2);
    const logits = await logitsOf(await lastRow());
    const base = await logitsOf(normed);
    const rms = Math.sqrt(normed.reduce((sum, value) => sum + value * value, 0) / hidden + 1e-5);
    const lifts = Array.from({ length: vocabulary }, (_, id) => (logits[id] ?? NaN) - (base[id] ?? NaN) * rms);
    const tokens = await ranked(referenceOf(new Float32Array(hidden), normed));
    expect(tokens).toHaveLength(5);
    expect(tokens[0]?.lift).toBeCloseTo(Math.max(...lifts), 3);
    for (const { id, lift, percentile } of tokens) {
      expect(lift).toBeCloseTo(lifts[id] ?? NaN, 3);
      expect(percentile >= 0 && percentile <= 100).toBe(true);
    }
  });

  it("without a mean ranks as the logits do", async () => {
    const zeros = new Float32Array(hidden);
    const [first] = await ranked(referenceOf(zeros, zeros));
    const logits = await logitsOf(await lastRow());
    expect(first?.lift).toBeCloseTo(Math.max(...logits), 3);
    const centred = await ranked(referenceOf(zeros, zeros), "centred", {
      ...NO_LENS_MAPS,
      means: new Map([[TAP, zeros]]),
    });
    expect(centred[0]?.id).toBe(first?.id);
    expect(centred[0]?.lift).toBeCloseTo(first?.lift ?? NaN, 3);
  });

  it("of a fitted lens is over what it makes of the mean row: nothing where that is the row itself", async () => {
    const identity = Float32Array.from({ length: hidden * hidden }, (_, at) => (at % (hidden + 1) === 0 ? 1 : 0));
    const maps = { ...NO_LENS_MAPS, tuned: new Map([[TAP, { matrix: identity, bias: new Float32Array(hidden) }]]) };
    const tokens = await ranked(referenceOf(await lastRow(), new Float32Array(hidden)), "tuned", maps);
    for (const { lift } of tokens) expect(Math.abs(lift)).toBeLessThan(1e-3);
  });

  it("needs the mean of the tap", async () => {
    await expect(ranked({ statistics: { means: new Map(), normedMeans: new Map() }, sample: SAMPLE })).rejects.toThrow(
      "the statistics have no mean of 1.mlp_out",
    );
  });
});
