import { describe, expect, it } from "vitest";
import { defaultTaps, readTapList } from "../../src/cli/lens-taps.ts";

describe("--taps of the lens commands", () => {
  it("are the outputs of twelve blocks unless told otherwise, the last one left out", () => {
    expect(defaultTaps(30)).toEqual([0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28].map((layer) => `${layer}.resid_post`));
    expect(defaultTaps(2)).toEqual(["0.resid_post"]);
    expect(readTapList(undefined, 3)).toEqual(["0.resid_post", "1.resid_post"]);
  });

  it("may be all, or named by layer or depth, each once", () => {
    expect(readTapList("all", 2)).toHaveLength(8);
    expect(readTapList("23.attn_out, 80%.resid_post,23.attn_out", 30)).toEqual(["23.attn_out", "23.resid_post"]);
  });

  it("are refused by name", () => {
    expect(() => readTapList("30.attn_out", 30)).toThrow(
      '--taps: "30.attn_out" names layer 30, but the model has layers 0 to 29',
    );
    expect(() => readTapList("", 30)).toThrow('--taps: "" is not a tap');
  });
});
