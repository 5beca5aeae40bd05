import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBackground } from "../../src/lens/background.ts";
import { parseTap } from "../../src/lens/tap.ts";
import { readModelFolder } from "../../src/model/model-folder.ts";
import { writeFolder } from "../support/folder.ts";
import { VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";

const GOOD = { description: "made up", vocabulary: 10, tokens: [1, 2, 9], taps: { "0.attn_out": [3] } };

function write(content: unknown): { path: string; sha256: string; vocabulary: number } {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const path = join(writeFolder({ "background.json": text }), "background.json");
  return { path, sha256: createHash("sha256").update(text).digest("hex"), vocabulary: 10 };
}

describe("a background", () => {
  it("holds a common sample and those of single taps", () => {
    const source = write(GOOD);
    expect(readBackground(source)).toEqual({
      tokens: Int32Array.of(1, 2, 9),
      taps: new Map([["0.attn_out", Int32Array.of(3)]]),
      sha256: source.sha256,
    });
  });

  it("of the vendored model fits it, tap by tap", () => {
    const file = readModelFolder(VENDORED_FOLDER).lens["background.json"];
    const background = readBackground({ path: "", sha256: "", ...file, vocabulary: 49_152 });
    expect(background.tokens.length).toBeGreaterThan(1000);
    for (const name of background.taps.keys()) expect(parseTap(name, 30).layer).toBeLessThan(30);
  });

  it("is refused when it is missing, and when it was changed", async () => {
    const missing = await problemsOf(() => readBackground({ ...write(GOOD), path: "/nowhere.json" }));
    expect(missing[0]).toMatch(/nowhere\.json: the background sample is missing \(cure: restore/);
    const changed = await problemsOf(() => readBackground({ ...write(GOOD), sha256: "0".repeat(64) }));
    expect(changed[0]).toMatch(/sha256 is [0-9a-f]{64}, but model\.yaml says 0{64}/);
  });

  it.each([
    ["another model", { ...GOOD, vocabulary: 11 }, /vocabulary of 11 tokens, the model has 10/],
    ["a token outside the vocabulary", { ...GOOD, tokens: [1, 10] }, /take the sample of this model/],
    ["a token twice", { ...GOOD, taps: { "0.attn_out": [3, 3] } }, /take the sample of this model/],
    ["no token", { ...GOOD, tokens: [] }, /choose-background/],
    ["a name that is no tap", { ...GOOD, taps: { "23.attention": [3] } }, /23\.attention/],
    ["an unknown field", { ...GOOD, seed: 7 }, /seed/],
    ["no JSON", "tokens: 1", /choose-background/],
  ])("is refused for %s", async (_, content, message) => {
    expect((await problemsOf(() => readBackground(write(content))))[0]).toMatch(message);
  });
});
