import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { openForward, type Forward } from "../../src/model/forward.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createPromptEncoder } from "../../src/model/prompt.ts";
import { createSlot } from "../../src/model/slot.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { relativeDistance } from "../support/distance.ts";
import { openVendored } from "../support/prepared-model.ts";
import { readFixture, readFloats, type TapFixture } from "../support/reference.ts";
import { logitRow, planOf, tapRow } from "../support/tap-rows.ts";

// Recorded from the transformers library over the same weights in float32, by scripts/reference/record_taps.py.
const fixture = readFixture<TapFixture>("reference/taps.json");
const [, tapCount, hidden] = fixture.taps;
const [, vocabulary] = fixture.logits;
const expectedTaps = readFloats("reference/taps.f32"); // [prompts, taps, hidden]
const expectedLogits = readFloats("reference/logits.f32"); // [prompts, vocabulary]
const taps = everyTap(30).map(formatTap);

// Promised is 1e-3; measured is 5e-6, so that a fault shows long before the promise breaks.
const BOUND = 1e-4;

describe("exact precision against the reference implementation", () => {
  let model: PreparedModel;
  let forward: Forward;
  beforeAll(async () => {
    model = await openVendored("exact");
    forward = await openForward({ model, plan: planOf(taps) });
  });
  afterAll(() => forward.close());

  it("has a fixture of ten prompts of 3 to 60 tokens with all 120 taps", () => {
    const lengths = fixture.prompts.map(({ ids }) => ids.length);
    expect([lengths.length, tapCount, expectedTaps.length]).toEqual([10, 120, 10 * 120 * hidden]);
    expect(Math.min(...lengths)).toBe(3);
    expect(Math.max(...lengths)).toBeGreaterThan(50);
  });

  it.each(fixture.prompts.map(({ text, ids }, index) => [text.slice(0, 40), ids, index] as const))(
    "gives its 120 tapped rows and its logits for %j",
    async (_, ids, index) => {
      const result = await forward.step(createSlot(model.manifest.architecture), ids, "last");
      const distances = taps.map((name, tap) => {
        const actual = tapRow(result, { position: ids.length - 1, tap, taps: tapCount });
        return { name, distance: relativeDistance(actual, logitRow(expectedTaps, index * tapCount + tap, hidden)) };
      });
      expect(distances.filter(({ distance }) => !(distance <= BOUND))).toEqual([]);
      expect(relativeDistance(result.logits, logitRow(expectedLogits, index, vocabulary))).toBeLessThanOrEqual(BOUND);
    },
  );

  it("encodes every prompt's text to the reference's ids", () => {
    const tokenizer = createTokenizer(model.manifest.vocabulary);
    const prompts = createPromptEncoder({ vocabulary: model.manifest.vocabulary, tokenizer });
    for (const { text, ids } of fixture.prompts) expect(Array.from(prompts.encodeWithSpecials(text).ids)).toEqual(ids);
  });
});
