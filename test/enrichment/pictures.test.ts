import { describe, expect, it } from "vitest";
import type { LoadedDetector } from "../../src/detect/loader.ts";
import { openParts } from "../../src/engine/open-parts.ts";
import { drawPicture } from "../../src/enrichment/pictures.ts";
import { openMatrixProduct } from "../../src/model/matrix-product.ts";
import { createSlot } from "../../src/model/slot.ts";
import { loadedDetector } from "../support/scripted-kind.ts";
import { TINY_DETECTORS, TINY_PROMPT, tinySettings } from "../support/tiny-reader.ts";

const [concept, probe] = TINY_DETECTORS as [LoadedDetector, LoadedDetector];

async function draw(detector: LoadedDetector, firstRead = 0) {
  const { model, again: settings } = await tinySettings();
  const { parts } = await openParts(settings.worker);
  const product = await openMatrixProduct();
  const result = await parts.forward.step(createSlot(model.manifest.architecture), TINY_PROMPT.ids, "last");
  const rows = Array.from({ length: 11 }, (_, row) => ({ result, row }));
  const picture = await drawPicture({ parts, model, product, settings }, { detector, firstRead }, rows);
  const reading = (row: number) => parts.reader(result, row, firstRead);
  await product.close();
  await parts.forward.close();
  return { picture, reading, taps: settings.taps };
}

describe("a picture", () => {
  it("of a concept has its log-odds at every tap, and the live reading at the detector's own", async () => {
    const { picture, reading, taps } = await draw(concept);
    expect(picture).toMatchObject({ detector: "concept", unit: "log-odds", lens: "logit", liveTaps: ["1.mlp_out"] });
    expect(picture?.threshold).toBe(-100);
    expect(picture?.values.map((line) => line.length)).toEqual(taps.map(() => 11));
    expect(picture?.values.flat().every((value) => Number.isFinite(value))).toBe(true);
    const own = picture?.values[taps.indexOf("1.mlp_out")];
    own?.forEach((value, row) => expect(value).toBeCloseTo(reading(row).logOdds, 4));
  });

  it("of a probe has what each of its taps adds, and nothing elsewhere", async () => {
    const { picture, reading, taps } = await draw(probe, 1);
    expect(picture).toMatchObject({ detector: "probe", unit: "score", threshold: null });
    const first = picture?.values[taps.indexOf("0.attn_out")]?.[4];
    const second = picture?.values[taps.indexOf("1.resid_post")]?.[4];
    expect((first ?? NaN) + (second ?? NaN) + 0.5).toBeCloseTo(reading(4).logOdds, 3);
    expect(picture?.values[taps.indexOf("1.mlp_out")]).toEqual(Array.from({ length: 11 }, () => null));
  });

  it("goes through the lens of the concept, and leaves out taps that the lens does not have", async () => {
    const through = (lens: "centred" | "tuned") =>
      draw({ ...concept, reads: concept.reads.map((read) => ({ ...read, lens })) });
    const centred = (await through("centred")).picture;
    const plain = (await draw(concept)).picture;
    expect(centred?.lens).toBe("centred");
    expect(centred?.values[0]?.[3]).not.toBeCloseTo(plain?.values[0]?.[3] ?? NaN, 3);
  });

  it("has no threshold where the detector's is a probability, and is not drawn of what reads text", async () => {
    const resolved = { ...(concept.resolved as object), score: "probability" };
    const read = concept.reads.map((each) => ({ ...each, yardstick: "exact" as const }));
    expect((await draw({ ...concept, resolved, reads: read })).picture?.threshold).toBeNull();
    expect((await draw(loadedDetector("words"))).picture).toBeUndefined();
  });
});
