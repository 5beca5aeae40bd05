import { describe, expect, it } from "vitest";
import { isProbeRead, LENSES, tapsOfRead } from "../../src/lens/reading.ts";

const tap = { layer: 3, point: "attn_out" } as const;

describe("reads", () => {
  it("are told apart by their directions", () => {
    expect(isProbeRead({ tap, tokens: [1], yardstick: "exact" })).toBe(false);
    expect(isProbeRead({ taps: [tap], directions: new Float32Array(4), bias: 0 })).toBe(true);
  });

  it("name every tap that they look at", () => {
    const other = { layer: 4, point: "mlp_out" } as const;
    expect(tapsOfRead({ tap, tokens: [1], yardstick: "exact" })).toEqual([tap]);
    expect(tapsOfRead({ taps: [other, tap], directions: new Float32Array(4), bias: 0 })).toEqual([other, tap]);
  });

  it("name the lenses from plain to fitted", () => {
    expect(LENSES).toEqual(["logit", "centred", "tuned"]);
  });
});
