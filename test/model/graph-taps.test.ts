import { describe, expect, it } from "vitest";
import { openForward } from "../../src/model/forward.ts";
import { buildForwardGraph } from "../../src/model/graph.ts";
import { createSlot } from "../../src/model/slot.ts";
import { planOf } from "../support/tap-rows.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const { hidden } = TINY;
const TAPS = ["0.mlp_out", "1.attn_out"];
const IDS = [5, 80, 33];
const affine = { matrix: new Float32Array(hidden * hidden), bias: new Float32Array(hidden) };

describe("the graph's taps", () => {
  it("without views return rows alone, the same as with views", async () => {
    const model = await openTiny("exact");
    const rows = await Promise.all(
      [planOf(TAPS), planOf(TAPS, { views: [] })].map(async (plan) => {
        const forward = await openForward({ model, plan });
        const result = await forward.step(createSlot(model.manifest.architecture), IDS, "last");
        await forward.close();
        return result;
      }),
    );
    expect(rows[1]?.tapRows).toEqual(rows[0]?.tapRows);
    expect(rows[0]?.conceptLogits.length).toBe(IDS.length * TAPS.length);
    expect(rows[1]?.conceptLogits.length).toBe(0);
  });

  it("can be read through a view of some of them, in any order and twice", async () => {
    const model = await openTiny("exact");
    const conceptTokens = Int32Array.of(3, 9);
    const views = [{ tap: 1 }, { tap: 0 }, { tap: 1, mean: new Float32Array(hidden) }];
    const read = async (plan: ReturnType<typeof planOf>) => {
      const forward = await openForward({ model, plan });
      const { conceptLogits } = await forward.step(createSlot(model.manifest.architecture), [5], "last");
      await forward.close();
      return Array.from(conceptLogits);
    };
    const [first = NaN, second = NaN, third = NaN, fourth = NaN] = await read(planOf(TAPS, { conceptTokens }));
    const mixed = await read(planOf(TAPS, { conceptTokens, views }));
    [third, fourth, first, second, third, fourth].forEach((value, index) => expect(mixed[index]).toBeCloseTo(value, 5));
  });

  it("refuse what cannot be a view", async () => {
    const model = await openTiny("exact");
    const build = (changes: Parameters<typeof planOf>[1]) => () => buildForwardGraph(model, planOf(TAPS, changes));
    expect(build({ views: [{ tap: 2 }] })).toThrow("a view names tap number 2, of 2");
    expect(build({ views: [{ tap: 0, affine }, { tap: 1 }] })).toThrow("affine views must come last");
    expect(build({ views: [{ tap: 0, mean: new Float32Array(3) }] })).toThrow("holds 3 numbers instead of 64");
    expect(build({ views: [{ tap: 0, affine: { ...affine, bias: new Float32Array(1) } }] })).toThrow(
      "holds 1 numbers instead of 64",
    );
    expect(() => buildForwardGraph(model, planOf(["2.mlp_out"]))).toThrow('the model has no tap "2.mlp_out"');
  });
});
