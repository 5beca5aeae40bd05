import { describe, expect, it } from "vitest";
import { everyTap, parseTap } from "../../src/lens/tap.ts";
import { defaultTaps, tapSetsOf } from "../../src/training/tap-sets.ts";

const parsed = (names: readonly string[], layers: number) => names.map((name) => parseTap(name, layers));

describe("the taps that training reads", () => {
  it("are three points at nine depths of a model of thirty layers, to the last block", () => {
    const taps = defaultTaps(30);
    expect(taps.length).toBe(27);
    expect(taps.slice(0, 4)).toEqual(["4.attn_out", "4.mlp_out", "4.resid_post", "7.attn_out"]);
    expect(taps.at(-1)).toBe("29.resid_post");
  });

  it.each([1, 2, 5, 12, 80])("exist and are all different in a model of %d layers", (layers) => {
    const taps = defaultTaps(layers);
    expect(new Set(taps).size).toBe(taps.length);
    expect(parsed(taps, layers).every(({ layer }) => layer < layers)).toBe(true);
    expect(taps.at(-1)).toBe(`${layers - 1}.resid_post`);
  });
});

describe("sets of taps", () => {
  it("are one point each, two depths, a mix and everything", () => {
    const sets = tapSetsOf(parsed(defaultTaps(30), 30), 30);
    expect(sets.map(({ name, taps }) => [name, taps.length])).toEqual([
      ["attn_out", 9],
      ["mlp_out", 9],
      ["resid_post", 9],
      ["middle", 9],
      ["late", 12],
      ["mix", 9],
      ["all", 27],
    ]);
  });

  it("have only taps that were collected, each once", () => {
    const taps = defaultTaps(30);
    for (const set of tapSetsOf(parsed(taps, 30), 30)) {
      expect(new Set(set.taps).size).toBe(set.taps.length);
      expect(set.taps.every((tap) => taps.includes(tap))).toBe(true);
    }
  });

  it("are told apart by what they hold: one tap makes one set", () => {
    expect(tapSetsOf(parsed(["20.attn_out"], 30), 30).map(({ taps }) => taps)).toEqual([["20.attn_out"]]);
    const all = tapSetsOf(everyTap(4), 4).map(({ taps }) => taps.join());
    expect(new Set(all).size).toBe(all.length);
  });
});
