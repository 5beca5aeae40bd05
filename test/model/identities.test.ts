import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openForward, type Forward } from "../../src/model/forward.ts";
import { openLensHead } from "../../src/model/lens-head.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { relativeDistance } from "../support/distance.ts";
import { runInPieces, runInterleaved, type Run, type RunOptions } from "../support/forward-runs.ts";
import { openVendored } from "../support/prepared-model.ts";
import { readRunningText } from "../support/running-text.ts";
import { logitRow, planOf } from "../support/tap-rows.ts";

const TAPS = ["0.attn_out", "11.mlp_out", "23.attn_out", "29.resid_mid", "29.resid_post"];
const HIDDEN = 576;
const VOCABULARY = 49_152;
const BOUND = 1e-4;

// The largest relative distance of any row: a single wrong position shows.
function largestDistance(actual: Float32Array, expected: Float32Array, width: number): number {
  expect(actual.length).toBe(expected.length);
  const rows = Array.from({ length: expected.length / width }, (_, row) => row);
  return Math.max(...rows.map((row) => relativeDistance(logitRow(actual, row, width), logitRow(expected, row, width))));
}

function expectSame(actual: Run, expected: Run): void {
  expect(largestDistance(actual.logits, expected.logits, VOCABULARY)).toBeLessThanOrEqual(BOUND);
  expect(largestDistance(actual.tapRows, expected.tapRows, HIDDEN)).toBeLessThanOrEqual(BOUND);
}

describe("in exact precision", () => {
  let model: PreparedModel;
  let forward: Forward;
  let text: RunOptions;
  let whole: Run;
  beforeAll(async () => {
    model = await openVendored("exact");
    forward = await openForward({ model, plan: planOf(TAPS) });
    // 270 tokens: the cache grows past its first 256 positions.
    text = { forward, architecture: model.manifest.architecture, ids: readRunningText(model, 270) };
    whole = await runInPieces(text, [270]);
  });
  afterAll(() => forward.close());

  it.each([[[1]], [[250, 1]]])(
    "token by token with the cache (pieces of %j) is the same as the whole text at once",
    async (sizes) => {
      const ids = sizes.length === 1 ? text.ids.slice(0, 60) : text.ids;
      const cached = await runInPieces({ ...text, ids }, sizes);
      expectSame(cached, {
        logits: whole.logits.subarray(0, ids.length * VOCABULARY),
        tapRows: whole.tapRows.subarray(0, ids.length * TAPS.length * HIDDEN),
      });
    },
  );

  it.each([7, 64, 128, 255, 256, 257])(
    "prefill in chunks of %d tokens is the same as the whole text at once",
    async (size) => {
      expectSame(await runInPieces(text, [size]), whole);
    },
  );

  it("a text alone is the same as in turns with three others", async () => {
    const alone = { ...text, ids: text.ids.slice(0, 12) };
    const others = [text.ids.slice(100, 130), text.ids.slice(50, 56), text.ids.slice(0, 12)];
    expectSame(await runInterleaved(alone, others), await runInPieces(alone, [1]));
  });

  it("the lens of the last block's output is the model's own logits", async () => {
    const head = await openLensHead({ model });
    const last = new Float32Array(text.ids.length * HIDDEN); // [positions, hidden]
    text.ids.forEach((_, position) => {
      last.set(logitRow(whole.tapRows, (position + 1) * TAPS.length - 1, HIDDEN), position * HIDDEN);
    });
    const lens = await head.logits(last);
    await head.close();
    expect(largestDistance(lens, whole.logits, VOCABULARY)).toBeLessThanOrEqual(BOUND);
  });

  it("the logits are the same with taps and without", async () => {
    await forward.close();
    forward = await openForward({ model, plan: planOf([]) });
    const { logits, tapRows } = await runInPieces({ ...text, forward }, [128]);
    expect(tapRows).toHaveLength(0);
    expect(largestDistance(logits, whole.logits, VOCABULARY)).toBeLessThanOrEqual(BOUND);
  });
});
