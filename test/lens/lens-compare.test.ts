import { describe, expect, it } from "vitest";
import { openLensComparer } from "../../src/lens/lens-compare.ts";
import { openTiny } from "../support/tiny-model.ts";

const TEST_IDS = Array.from({ length: 40 }, (_, index) => (index * 53 + 11) % 128);

describe("comparing lenses", () => {
  it("finds the last tap's logit lens to be the model itself", async () => {
    const model = await openTiny("exact");
    const lenses = [
      { lens: "logit", tap: "0.resid_post" },
      { lens: "logit", tap: "1.resid_post" },
    ] as const;
    const comparer = await openLensComparer({
      model,
      maps: { means: new Map(), tuned: new Map() },
      lenses,
      contextTokens: 64,
    });
    const [first = [], last = []] = await comparer.distances(TEST_IDS);
    expect(first).toHaveLength(TEST_IDS.length - 1);
    expect(first.every(({ kl }) => kl > 0.01)).toBe(true);
    for (const { kl, agrees } of last) expect([kl < 1e-4, agrees]).toEqual([true, true]);
    const tokens = await comparer.lastTokens(TEST_IDS);
    expect(tokens.lenses[1]).toBe(tokens.final);
    await comparer.close();
  });

  it("refuses a lens that the model lacks", async () => {
    const model = await openTiny("exact");
    const lenses = [{ lens: "tuned", tap: "0.resid_post" }] as const;
    const maps = { means: new Map(), tuned: new Map() };
    await expect(openLensComparer({ model, maps, lenses, contextTokens: 8 })).rejects.toThrow(
      "no tuned lens of 0.resid_post",
    );
  });
});
