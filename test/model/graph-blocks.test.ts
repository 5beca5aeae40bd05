import { describe, expect, it } from "vitest";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { openForward, type ForwardResult } from "../../src/model/forward.ts";
import { createSlot } from "../../src/model/slot.ts";
import { readUnembeddingRows } from "../../src/model/weights.ts";
import { relativeDistance } from "../support/distance.ts";
import { planOf, tapRow } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const TAPS = everyTap(TINY.layers).map(formatTap);
const IDS = [20, 3, 99, 41, 20];

async function forward(
  precision: "fast" | "exact",
  ids: readonly number[],
): Promise<{ result: ForwardResult; embedded: Float32Array }> {
  const model = await openTiny(precision);
  const opened = await openForward({ model, plan: planOf(TAPS) });
  const result = await opened.step(createSlot(model.manifest.architecture), ids, "all");
  await opened.close();
  return { result, embedded: readUnembeddingRows(model, ids) };
}

const row = (result: ForwardResult, name: string, position: number) =>
  tapRow(result, { position, tap: TAPS.indexOf(name), taps: TAPS.length });
const sum = (left: Float32Array, right: Float32Array) => left.map((value, index) => value + (right[index] ?? NaN));

describe("the taps of a block", () => {
  it.each(["fast", "exact"] as const)("add up along the residual stream in %s precision", async (precision) => {
    const { result, embedded } = await forward(precision, IDS);
    for (let position = 0; position < IDS.length; position += 1) {
      let residual = embedded.subarray(position * TINY.hidden, (position + 1) * TINY.hidden);
      for (let layer = 0; layer < TINY.layers; layer += 1) {
        const at = (point: string) => row(result, `${layer}.${point}`, position);
        expect(relativeDistance(at("resid_mid"), sum(residual, at("attn_out")))).toBeLessThan(1e-6);
        expect(relativeDistance(at("resid_post"), sum(at("resid_mid"), at("mlp_out")))).toBeLessThan(1e-6);
        residual = at("resid_post");
      }
    }
  });
});

describe("attention", () => {
  it("looks back and never ahead", async () => {
    const before = (await forward("exact", IDS)).result;
    const after = (await forward("exact", [20, 3, 100, 41, 20])).result;
    for (const tap of TAPS) {
      for (const position of [0, 1])
        expect(relativeDistance(row(after, tap, position), row(before, tap, position))).toBeLessThan(1e-6);
      expect(relativeDistance(row(after, tap, 4), row(before, tap, 4))).toBeGreaterThan(1e-4);
    }
  });

  it("knows where a token stands: the same token twice is not the same row", async () => {
    const { result } = await forward("exact", [20, 20, 20]);
    // Equal values mix to themselves whatever the weights: only rotation could tell them apart, and it does not touch values.
    expect(relativeDistance(row(result, "0.attn_out", 2), row(result, "0.attn_out", 0))).toBeLessThan(1e-6);
    const mixed = (await forward("exact", [20, 3, 20, 3, 20])).result;
    expect(relativeDistance(row(mixed, "0.attn_out", 4), row(mixed, "0.attn_out", 2))).toBeGreaterThan(1e-3);
  });
});
