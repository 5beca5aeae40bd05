import { describe, expect, it } from "vitest";
import { everyTap, formatTap, parseTap } from "../../src/lens/tap.ts";

describe("a tap's name", () => {
  it("is read back as it was written, for every tap of a model", () => {
    const taps = everyTap(30);
    expect(taps).toHaveLength(120);
    expect(taps.slice(0, 5).map(formatTap)).toEqual([
      "0.attn_out",
      "0.resid_mid",
      "0.mlp_out",
      "0.resid_post",
      "1.attn_out",
    ]);
    expect(taps.map((tap) => parseTap(formatTap(tap), 30))).toEqual(taps);
  });

  it.each([
    ["0%.mlp_out", 0],
    ["80%.mlp_out", 23],
    ["50%.mlp_out", 15],
    ["98.2%.mlp_out", 28],
    ["100%.mlp_out", 29],
  ])("may give a share of depth: %s of 30 layers is layer %d", (text, layer) => {
    expect(parseTap(text, 30)).toEqual({ layer, point: "mlp_out" });
  });

  it("with a share of depth means the same place in another model", () => {
    expect(parseTap("80%.attn_out", 32).layer).toBe(25);
    expect(parseTap("80%.attn_out", 1).layer).toBe(0);
  });

  it.each([
    ["30.attn_out", "names layer 30, but the model has layers 0 to 29"],
    ["101%.attn_out", "is deeper than 100 %"],
    [
      "23.attention",
      "is not a tap; write a layer or a share of depth and one of attn_out, resid_mid, mlp_out, resid_post",
    ],
    ["attn_out", "is not a tap"],
    ["-1.attn_out", "is not a tap"],
    ["2.5.attn_out", "is not a tap"],
    ["23.attn_out ", "is not a tap"],
    ["", '"" is not a tap'],
  ])("is refused by name: %j", (text, message) => {
    expect(() => parseTap(text, 30)).toThrow(message);
  });
});
