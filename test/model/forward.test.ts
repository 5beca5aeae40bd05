import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openForward, type Forward } from "../../src/model/forward.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openVendored } from "../support/prepared-model.ts";
import { relativeDistance } from "../support/distance.ts";
import { planOf } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const { vocabulary, hidden } = TINY;
const TAPS = ["0.attn_out", "1.resid_post"];
const IDS = [5, 80, 33, 7];

describe.each(["exact", "fast"] as const)("a forward pass in %s precision", (precision) => {
  it("returns what the plan asks for, for every new position, and fills the slot", async () => {
    const model = await openTiny(precision);
    const background = [{ views: [1], tokens: Int32Array.of(1, 2, 3) }];
    const plan = planOf(TAPS, { conceptTokens: Int32Array.of(9, 8, 7), background, exact: [0, 1] });
    const forward = await openForward({ model, plan, threads: 1 });
    const slot = createSlot(model.manifest.architecture);
    const first = await forward.step(slot, IDS, "last");
    expect([first.positions, slot.length]).toEqual([4, 4]);
    expect(first.logits).toHaveLength(vocabulary);
    expect(first.tapRows).toHaveLength(4 * 2 * hidden);
    expect(first.conceptLogits).toHaveLength(4 * 2 * 3);
    expect(first.background.map((each) => each.length)).toEqual([4]);
    expect(first.exact).toHaveLength(4 * 2);
    const second = await forward.step(slot, [1, 2], "all");
    expect([second.positions, slot.length, second.logits.length]).toEqual([2, 6, 2 * vocabulary]);
    await forward.close();
  });

  it("gives the last of all logits where only the last is asked for", async () => {
    const model = await openTiny(precision);
    const forward = await openForward({ model, plan: planOf([]) });
    const run = (which: "last" | "all") => forward.step(createSlot(model.manifest.architecture), IDS, which);
    const all = (await run("all")).logits.subarray(3 * vocabulary);
    expect(relativeDistance((await run("last")).logits, all)).toBeLessThan(precision === "exact" ? 1e-6 : 0.02);
    await forward.close();
  });

  it("reads nothing where there is no tap, and no concept where there is none", async () => {
    const model = await openTiny(precision);
    const bare = await openForward({ model, plan: planOf([]) });
    const result = await bare.step(createSlot(model.manifest.architecture), IDS, "last");
    expect([result.tapRows.length, result.conceptLogits.length, result.exact.length]).toEqual([0, 0, 0]);
    await bare.close();
    const tapped = await openForward({ model, plan: planOf(TAPS) });
    const { conceptLogits } = await tapped.step(createSlot(model.manifest.architecture), IDS, "last");
    expect(conceptLogits).toEqual(new Float32Array(IDS.length * TAPS.length));
    await tapped.close();
  });
});

describe("a pass that cannot be made", () => {
  let model: PreparedModel;
  let forward: Forward;
  beforeAll(async () => {
    model = await openVendored("fast");
    forward = await openForward({ model, plan: planOf([], { contextTokens: 8 }) });
  });
  afterAll(() => forward.close());

  it("is refused past the context, and leaves the slot as it was", async () => {
    const slot = createSlot(model.manifest.architecture);
    await forward.step(slot, [1, 2, 3, 4, 5, 6], "last");
    await expect(forward.step(slot, [7, 8, 9], "last")).rejects.toThrow("position 9 is past the context of 8");
    expect(slot.length).toBe(6);
    expect((await forward.step(slot, [7, 8], "last")).positions).toBe(2);
  });

  it("is refused without a token, and for a token outside the vocabulary", async () => {
    const slot = createSlot(model.manifest.architecture);
    await expect(forward.step(slot, [], "last")).rejects.toThrow("a pass needs at least one token");
    for (const id of [49_152, -1, NaN]) {
      const outside = `token ${id} is outside the vocabulary of 49152`;
      await expect(forward.step(slot, [3, id], "last")).rejects.toThrow(outside);
    }
    expect(slot.length).toBe(0);
  });

  it("is refused for a tap that the model does not have", async () => {
    await expect(openForward({ model, plan: planOf(["30.attn_out"]) })).rejects.toThrow(
      'the model has no tap "30.attn_out"',
    );
  });
});
