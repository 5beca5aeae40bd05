import { describe, expect, it } from "vitest";
import { readLayerTable } from "../../src/lens/layer-table.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { openVendored } from "../support/prepared-model.ts";
import { openTiny } from "../support/tiny-model.ts";

describe("the layer table", () => {
  it("of 'The capital of Germany is' has Germany at 23.attn_out and Berlin at 29.resid_post", async () => {
    const prepared = await openVendored("exact");
    const { encode, textOf } = createTokenizer(prepared.manifest.vocabulary);
    const ids = encode("The capital of Germany is");
    const taps = ["23.attn_out", "29.attn_out", "29.resid_post"];
    const table = await readLayerTable({ prepared, ids, position: ids.length - 1, taps, top: 3 });
    expect([...table.keys()]).toEqual(taps);
    const top = (tap: string) => table.get(tap)?.map(({ id, probability }) => [textOf(id), probability] as const) ?? [];
    expect(top("23.attn_out")[0]).toEqual([" Germany", expect.closeTo(0.92, 1)]);
    expect(top("29.attn_out").map(([text]) => text)).toContain(" Berlin");
    expect(top("29.resid_post")[0]).toEqual([" Berlin", expect.closeTo(0.79, 1)]);
    expect(top("29.resid_post")).toHaveLength(3);
  });

  it("looks at any position, as if the text ended there", async () => {
    const prepared = await openTiny("exact");
    const ids = [5, 80, 33, 7];
    const options = { prepared, taps: ["1.resid_post", "0.mlp_out"], top: 5, position: 1 };
    const whole = await readLayerTable({ ...options, ids });
    const cut = await readLayerTable({ ...options, ids: ids.slice(0, 2) });
    for (const [tap, list] of whole) {
      expect(list.map(({ id }) => id)).toEqual(cut.get(tap)?.map(({ id }) => id));
      list.forEach(({ probability }, index) =>
        expect(probability).toBeCloseTo(cut.get(tap)?.[index]?.probability ?? NaN, 5),
      );
    }
  });

  it.each([-1, 4, NaN])("refuses position %d of 4 tokens", async (position) => {
    const prepared = await openTiny("exact");
    const table = readLayerTable({ prepared, ids: [5, 80, 33, 7], position, taps: ["0.mlp_out"], top: 1 });
    await expect(table).rejects.toThrow(`there is no position ${position} in 4 tokens`);
  });
});
