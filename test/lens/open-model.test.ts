import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openModel } from "../../src/lens/open-model.ts";
import { writeFolder } from "../support/folder.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";
import { writeTinyModel, type TinyChanges } from "../support/tiny-model.ts";

const BACKGROUND = JSON.stringify({ description: "made up", vocabulary: 160, tokens: [1, 2, 3], taps: {} });

function open(files: Readonly<Record<string, string>>, contextTokens = 512, changes: TinyChanges = {}) {
  const { folder } = writeTinyModel(changes, files);
  return openModel({ folder, cache: writeFolder({}), precision: "fast", contextTokens });
}

describe("opening a model", () => {
  it("gives everything but the weights, bound to the files by hash", async () => {
    const model = await open({ "background.json": BACKGROUND });
    expect(model.facts).toEqual({
      name: "tiny",
      sha256: model.source.weights.sha256,
      precision: "fast",
      formatVersion: 1,
      layers: 2,
      hidden: 64,
      vocabulary: 160,
      contextTokens: 512,
    });
    expect(model.background.sha256).toBe(createHash("sha256").update(BACKGROUND).digest("hex"));
    const template = model.prepared.manifest.vocabulary.chatTemplate ?? "";
    expect(model.chatTemplateSha256).toBe(createHash("sha256").update(template).digest("hex"));
    const { ids } = model.prompts.encodeChat([{ role: "user", content: "ab" }]);
    expect(model.tokenizer.textOf(ids[0] ?? -1)).toBe("u");
  });

  it("opens the vendored model", async () => {
    const options = { folder: VENDORED_FOLDER, cache: TEST_CACHE, precision: "fast", contextTokens: 2048 } as const;
    const { facts, background } = await openModel(options);
    expect(facts).toMatchObject({ name: "smollm2-135m-instruct", layers: 30, hidden: 576, vocabulary: 49_152 });
    expect(background.tokens.length).toBeGreaterThan(1000);
  });

  it("refuses more context than the model was trained for", async () => {
    const [problem] = await problemsOf(() => open({ "background.json": BACKGROUND }, 2049));
    expect(problem).toMatch(
      /tiny engine\.context_tokens: .*trained for 2048 positions, 2049 are configured \(cure: set at most 2048\)/,
    );
  });

  it("refuses a model without a background, and one with another model's", async () => {
    expect((await problemsOf(() => open({})))[0]).toMatch(
      /tiny files: the model has no background\.json \(cure: .*choose-background/,
    );
    const other = BACKGROUND.replace("160", "200");
    expect((await problemsOf(() => open({ "background.json": other })))[0]).toMatch(
      /vocabulary of 200 tokens, the model has 160/,
    );
  });
});
