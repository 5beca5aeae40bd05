import { describe, expect, it } from "vitest";
import { isProbeRead, LENSES } from "../../src/lens/reading.ts";

const tap = { layer: 3, point: "attn_out" } as const;

describe("reads", () => {
  it("are told apart by their directions", () => {
    expect(isProbeRead({ tap, tokens: [1], yardstick: "exact" })).toBe(false);
    expect(isProbeRead({ taps: [tap], directions: new Float32Array(4), bias: 0 })).toBe(true);
  });

  it("name the lenses from plain to fitted", () => {
    expect(LENSES).toEqual(["logit", "centred", "tuned"]);
  });
});
