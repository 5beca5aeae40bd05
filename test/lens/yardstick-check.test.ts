import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModel, type OpenModel } from "../../src/lens/open-model.ts";
import type { ConceptRead } from "../../src/lens/reading.ts";
import { checkYardstick, correlate, LOWEST_CORRELATION } from "../../src/lens/yardstick-check.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "../support/prepared-model.ts";

const WORDS = [" Japan", " France", " Germany", " Italy", " China", " India", " Spain", " Greece"];
const text = readFileSync(join(VENDORED_FOLDER, "lens", "sample.txt"), "utf8");

function openVendoredModel(): Promise<OpenModel> {
  return openModel({ folder: VENDORED_FOLDER, cache: TEST_CACHE, precision: "fast", contextTokens: 2048 });
}

describe("the check of a background", () => {
  it("finds the model's own to stand for the whole vocabulary at the country channel", async () => {
    const model = await openVendoredModel();
    const tokens = WORDS.flatMap((word) => model.tokenizer.tokenOf(word) ?? []);
    expect(tokens).toHaveLength(WORDS.length);
    const cheap: ConceptRead = { tap: { layer: 23, point: "attn_out" }, tokens, yardstick: "background" };
    const results = await checkYardstick(model, [cheap, { ...cheap, yardstick: "exact" }], text);
    expect(results).toHaveLength(1);
    expect(results[0]?.read).toBe(cheap);
    expect(results[0]?.positions).toBeGreaterThan(400);
    expect(results[0]?.correlation).toBeGreaterThanOrEqual(LOWEST_CORRELATION);
  });

  it("finds a handful of unlikely tokens to stand for nothing", async () => {
    const model = await openVendoredModel();
    const tokens = WORDS.flatMap((word) => model.tokenizer.tokenOf(word) ?? []);
    const read: ConceptRead = { tap: { layer: 23, point: "attn_out" }, tokens, yardstick: "background" };
    const poor = {
      ...model.background,
      tokens: Int32Array.of(48_000, 48_001, 48_002),
      taps: new Map<string, Int32Array>(),
    };
    const [result] = await checkYardstick({ ...model, background: poor }, [read], text);
    expect(result?.correlation).toBeLessThan(LOWEST_CORRELATION);
  });

  it("loads nothing where nothing is read against a background", async () => {
    const model = await openVendoredModel();
    expect(await checkYardstick(model, [], text)).toEqual([]);
  });
});

describe("Pearson's correlation", () => {
  it("is 1 for a rising line, -1 for a falling one and 0 where one side does not vary", () => {
    const line = [0, 1, 2, 5].map((x) => [x, 3 * x - 2] as const);
    expect(correlate(line)).toBeCloseTo(1, 12);
    expect(correlate(line.map(([x, y]) => [x, -y] as const))).toBeCloseTo(-1, 12);
    expect(correlate(line.map(([x]) => [x, 7] as const))).toBe(0);
    expect(correlate([])).toBe(0);
  });

  it("is the textbook's value in between", () => {
    expect(
      correlate([
        [1, 2],
        [2, 1],
        [3, 4],
        [4, 3],
      ]),
    ).toBeCloseTo(0.6, 12);
  });
});
