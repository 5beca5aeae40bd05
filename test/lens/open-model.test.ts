import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { lensMapsOf, openModel, tunedModelOf } from "../../src/lens/open-model.ts";
import { tunedFolder, writeTuned } from "../../src/lens/tuned-lens.ts";
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
    const { facts, background, statistics, lensHashes, source, tuned } = await openModel(options);
    expect(facts).toMatchObject({ name: "smollm2-135m-instruct", layers: 30, hidden: 576, vocabulary: 49_152 });
    expect(background.tokens.length).toBeGreaterThan(1000);
    expect(statistics?.means.get("23.attn_out")).toHaveLength(576);
    expect(lensHashes).toEqual({
      logit: null,
      centred: source.lens["statistics.bin"]?.sha256,
      tuned: tuned?.sha256 ?? null,
    });
  });

  it("without statistics has neither their lens nor a hash of it", async () => {
    const model = await open({ "background.json": BACKGROUND });
    expect(model.statistics).toBeNull();
    expect(model.lensHashes).toEqual({ logit: null, centred: null, tuned: null });
    const read = {
      tap: { layer: 0, point: "mlp_out" },
      tokens: [1],
      yardstick: "background",
      lens: "centred",
    } as const;
    expect(lensMapsOf(model, [read])).toEqual({ means: new Map(), tuned: new Map() });
  });

  it("with a fitted lens in the cache offers its hash, and the maps of the taps that are read", async () => {
    const { folder } = writeTinyModel({}, { "background.json": BACKGROUND });
    const options = { folder, cache: writeFolder({}), precision: "fast", contextTokens: 64 } as const;
    const bound = tunedModelOf((await openModel(options)).prepared.manifest);
    const map = (value: number) => ({ matrix: new Float32Array(64 * 64).fill(value), bias: new Float32Array(64) });
    const maps = new Map([
      ["0.mlp_out", map(1)],
      ["1.mlp_out", map(2)],
    ]);
    const text = { textSha256: "b".repeat(64), tokens: 9 };
    writeTuned(tunedFolder(options.cache, bound), bound, { text, maps });
    const model = await openModel(options);
    expect(model.lensHashes.tuned).toMatch(/^[0-9a-f]{64}$/);
    const read = { tap: { layer: 1, point: "mlp_out" }, tokens: [1], yardstick: "background" } as const;
    const tunedRead = { ...read, lens: "tuned" } as const;
    expect(lensMapsOf(model, [read]).tuned.size).toBe(0);
    expect(lensMapsOf(model, [read, tunedRead]).tuned).toEqual(new Map([["1.mlp_out", map(2)]]));
  });

  it("refuses one file of statistics without the other", async () => {
    const [problem] = await problemsOf(() => open({ "background.json": BACKGROUND, "statistics.bin": "" }));
    expect(problem).toMatch(/statistics\.bin and statistics\.json belong together.*\(cure: list both/);
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
