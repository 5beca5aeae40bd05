import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fitLens } from "../../src/cli/lens-fit.ts";
import { makeLetters, writeLensConfig } from "../support/lens-config.ts";
import { problemsOf } from "../support/problems.ts";

const TEXT = makeLetters(900);

describe("lensgate lens fit", () => {
  it("fits the taps into the cache, once, and more of them later", async () => {
    const { config, at, cache } = writeLensConfig({ "text.txt": TEXT });
    const flags = { config, text: at("text.txt"), tokens: 600 };
    expect(await fitLens({ ...flags, taps: "0.mlp_out" })).toMatch(
      /^fitted 1 taps on 600 tokens, 0 were there; 1 in .*\/lenses\/[0-9a-f]{16}-fast$/,
    );
    const [folder = ""] = readdirSync(join(cache, "lenses"));
    const read = () => JSON.parse(readFileSync(join(cache, "lenses", folder, "tuned.json"), "utf8")) as object;
    const first = read();
    expect(await fitLens({ ...flags, taps: "0.mlp_out" })).toMatch(/^fitted 0 taps on 600 tokens, 1 were there; 1 in/);
    expect(read()).toEqual(first);
    expect(await fitLens({ ...flags, taps: "0.mlp_out,1.attn_out" })).toMatch(/^fitted 1 taps .*, 1 were there; 2 in/);
    expect(read()).toMatchObject({ taps: ["0.mlp_out", "1.attn_out"], tokens: 600, precision: "fast" });
  });

  it("refuses to mix two texts, or two lengths of one", async () => {
    const { config, at } = writeLensConfig({ "text.txt": TEXT, "other.txt": makeLetters(900, "other") });
    const flags = { config, text: at("text.txt"), tokens: 600, taps: "0.mlp_out" };
    await fitLens(flags);
    for (const change of [{ text: at("other.txt") }, { tokens: 700 }]) {
      const [problem = ""] = await problemsOf(() => fitLens({ ...flags, ...change }));
      expect(problem).toMatch(/a lens was fitted here on 600 tokens of the text [0-9a-f]{16}…, not on these [67]00/);
      expect(problem).toMatch(/cure: give the same text and --tokens, or remove .*lenses/);
    }
  });

  it("refuses a tap and a text that are not there", async () => {
    const { config, at } = writeLensConfig({ "text.txt": TEXT });
    const flags = { config, text: at("text.txt"), tokens: 600 };
    await expect(fitLens({ ...flags, taps: "2.mlp_out" })).rejects.toThrow('--taps: "2.mlp_out" names layer 2');
    expect((await problemsOf(() => fitLens({ ...flags, text: at("gone.txt") })))[0]).toMatch(
      /gone\.txt: the text cannot/,
    );
  });
});
