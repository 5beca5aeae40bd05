import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { klDivergence } from "../../bench/divergence.ts";
import { openForward, type Forward } from "../../src/model/forward.ts";
import { openLensHead } from "../../src/model/lens-head.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { runInPieces, runInterleaved, type Run, type RunOptions } from "../support/forward-runs.ts";
import { openVendored } from "../support/prepared-model.ts";
import { readRunningText } from "../support/running-text.ts";
import { logitRow, planOf } from "../support/tap-rows.ts";

const TAPS = ["23.attn_out", "29.resid_post"];
const HIDDEN = 576;
const VOCABULARY = 49_152;
// Kernels for one row and for many round differently in 8 bits, so the pairs are compared as distributions.
const BOUND = 0.01;

function meanKl(reference: Float32Array, other: Float32Array): number {
  expect(other.length).toBe(reference.length);
  const rows = Array.from({ length: reference.length / VOCABULARY }, (_, row) => row);
  const at = (logits: Float32Array, row: number) => logitRow(logits, row, VOCABULARY);
  return rows.reduce((sum, row) => sum + klDivergence(at(reference, row), at(other, row)), 0) / rows.length;
}

describe("in fast precision", () => {
  let model: PreparedModel;
  let forward: Forward;
  let text: RunOptions;
  let whole: Run;
  beforeAll(async () => {
    model = await openVendored("fast");
    forward = await openForward({ model, plan: planOf(TAPS) });
    text = { forward, architecture: model.manifest.architecture, ids: readRunningText(model, 270) };
    whole = await runInPieces(text, [270]);
  });
  afterAll(() => forward.close());

  it.each([[[1]], [[7]], [[128]], [[256]], [[250, 1]]])(
    "pieces of %j agree with the whole text at once",
    async (sizes) => {
      expect(meanKl(whole.logits, (await runInPieces(text, sizes)).logits)).toBeLessThanOrEqual(BOUND);
    },
  );

  it("a text alone is the very same as in turns with three others", async () => {
    const alone = { ...text, ids: text.ids.slice(0, 12) };
    const others = [text.ids.slice(100, 130), text.ids.slice(50, 56), text.ids.slice(0, 12)];
    const [together, apart] = [await runInterleaved(alone, others), await runInPieces(alone, [1])];
    expect(meanKl(apart.logits, together.logits)).toBeLessThanOrEqual(BOUND);
    expect(Buffer.from(together.logits.buffer).equals(Buffer.from(apart.logits.buffer))).toBe(true);
  });

  it("the lens of the last block's output agrees with the model's own logits", async () => {
    const head = await openLensHead({ model });
    const last = new Float32Array(text.ids.length * HIDDEN); // [positions, hidden]
    text.ids.forEach((_, position) => {
      last.set(logitRow(whole.tapRows, (position + 1) * TAPS.length - 1, HIDDEN), position * HIDDEN);
    });
    expect(meanKl(whole.logits, await head.logits(last))).toBeLessThanOrEqual(BOUND);
    await head.close();
  });

  it("the logits agree with taps and without", async () => {
    const plain = await openForward({ model, plan: planOf([]) });
    const { logits } = await runInPieces({ ...text, forward: plain }, [270]);
    await plain.close();
    expect(meanKl(whole.logits, logits)).toBeLessThanOrEqual(BOUND);
  });
});
