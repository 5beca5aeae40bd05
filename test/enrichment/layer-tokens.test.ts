import { describe, expect, it } from "vitest";
import { openParts } from "../../src/engine/open-parts.ts";
import { openLayerLens } from "../../src/enrichment/layer-tokens.ts";
import type { ReaderSettings } from "../../src/enrichment/reader-settings.ts";
import { readLayerTable } from "../../src/lens/layer-table.ts";
import type { LiftToken } from "../../src/lens/lift.ts";
import { createSlot } from "../../src/model/slot.ts";
import { TINY_PROMPT, tinySettings } from "../support/tiny-reader.ts";

const IDS = TINY_PROMPT.ids.subarray(0, 16);

async function readTiny(changes: Partial<ReaderSettings> = {}) {
  const { model, again } = await tinySettings();
  const settings = { ...again, ...changes };
  const { parts } = await openParts(settings.worker);
  const lens = await openLayerLens({ parts, model, settings });
  const result = await parts.forward.step(createSlot(model.manifest.architecture), IDS, "last");
  const layers = await lens.read({ result, row: 9 });
  const lift = { statistics: again.statistics ?? { means: new Map(), normedMeans: new Map() }, sample: again.sample };
  const common = { prepared: model, ids: IDS, position: 9, taps: again.taps, top: 10 };
  const byLift = await readLayerTable({ ...common, lift });
  const byProbability = await readLayerTable(common);
  await parts.forward.close();
  return { layers, byLift, byProbability };
}

describe("the tokens of every layer", () => {
  it("are those of the layer table, by probability and by lift", async () => {
    const { layers, byLift, byProbability } = await readTiny();
    expect(layers.map(({ tap }) => tap)).toEqual([...byLift.keys()]);
    for (const { tap, byProbability: tokens, byLift: lifted } of layers) {
      expect(tokens.map(({ id }) => id)).toEqual(byProbability.get(tap)?.map(({ id }) => id));
      const expected = byLift.get(tap) as LiftToken[];
      expect(lifted?.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      lifted?.forEach(({ lift, percentile, probability }, index) => {
        expect(lift).toBeCloseTo(expected[index]?.lift ?? NaN, 3);
        expect(probability).toBeCloseTo(expected[index]?.probability ?? NaN, 5);
        // The table compares with products in float32 of a graph of its own: a count may differ.
        expect(Math.abs(percentile - (expected[index]?.percentile ?? NaN))).toBeLessThan(5);
      });
    }
  });

  it("have no lift where the model ships no averages or no text", async () => {
    for (const changes of [{ statistics: null }, { sample: [] }]) {
      const { layers } = await readTiny(changes);
      expect(layers.every(({ byLift, byProbability }) => byLift === null && byProbability.length === 10)).toBe(true);
    }
  });
});
