import { describe, expect, it } from "vitest";
import { openLensComparer } from "../../src/lens/lens-compare.ts";
import { fitTuned } from "../../src/lens/tuned-fit.ts";
import type { AffineMap } from "../../src/model/graph.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const IDS = Array.from({ length: 700 }, (_, index) => (index * index * 31 + 7 * index) % 128);
const TEST_IDS = Array.from({ length: 40 }, (_, index) => (index * 53 + 11) % 128);

async function fit(taps: readonly string[]) {
  const model = await openTiny("exact");
  const maps = new Map<string, AffineMap>();
  const progress: [number, number][] = [];
  await fitTuned({
    model,
    ids: IDS,
    taps,
    onFitted: (fitted) => fitted.forEach((map, tap) => maps.set(tap, map)),
    onProgress: (done, total) => progress.push([done, total]),
  });
  return { model, maps, progress };
}

describe("fitting a lens", () => {
  it("brings every tap nearer to the model's own distribution, on text that it has not seen", async () => {
    const taps = ["0.resid_post", "1.resid_mid"];
    const { model, maps, progress } = await fit(taps);
    expect([...maps.keys()]).toEqual(taps);
    expect(progress.at(-1)).toEqual([3, 3]);
    const lenses = taps.flatMap((tap) => [{ lens: "logit", tap } as const, { lens: "tuned", tap } as const]);
    const comparer = await openLensComparer({
      model,
      maps: { means: new Map(), tuned: maps },
      lenses,
      contextTokens: 64,
    });
    const means = (await comparer.distances(TEST_IDS)).map(
      (list) => list.reduce((sum, { kl }) => sum + kl, 0) / list.length,
    );
    await comparer.close();
    const [logitFirst = NaN, tunedFirst = NaN, logitSecond = NaN, tunedSecond = NaN] = means;
    expect(tunedFirst).toBeLessThan(logitFirst);
    expect(tunedSecond).toBeLessThan(logitSecond);
  });

  it("of the last tap is nearly no change at all", async () => {
    const { maps } = await fit([`${TINY.layers - 1}.resid_post`]);
    const { matrix } = maps.get("1.resid_post") ?? { matrix: new Float32Array() };
    const { hidden } = TINY;
    expect(matrix).toHaveLength(hidden * hidden);
    for (let at = 0; at < matrix.length; at += 1) {
      expect(Math.abs((matrix[at] ?? NaN) - (at % (hidden + 1) === 0 ? 1 : 0))).toBeLessThan(0.2);
    }
  });
});
