import { describe, expect, it } from "vitest";
import { resolveTaps } from "../../../src/detect/kinds/concept-taps.ts";

describe("resolveTaps", () => {
  it("takes absolute layers and shares of depth", () => {
    expect(resolveTaps(["23.attn_out", "100%.resid_post", "0%.mlp_out"], 30)).toEqual([
      { layer: 23, point: "attn_out" },
      { layer: 29, point: "resid_post" },
      { layer: 0, point: "mlp_out" },
    ]);
  });

  it.each([
    [["23.attn_out", "30.attn_out"], 1, /names layer 30/],
    [["23.attention"], 0, /is not a tap/],
    [["23.attn_out", "80%.attn_out"], 1, /is the same tap as "23\.attn_out"/],
  ])("refuses %j and says which one", (taps, index, message) => {
    expect(() => resolveTaps(taps, 30)).toThrow(
      expect.objectContaining({ path: ["taps", index], message: expect.stringMatching(message) }),
    );
  });
});
