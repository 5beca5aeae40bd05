import { describe, expect, it } from "vitest";
import { readFinalNorm, readQuantisedRows, readUnembeddingRows, unembeddingName } from "../../src/model/weights.ts";
import { openVendored } from "../support/prepared-model.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const IDS = [0, 5, 159, 5];

it("the final norm is the same in both precisions, one number a dimension", async () => {
  const fast = readFinalNorm(await openTiny("fast"));
  expect(fast).toHaveLength(TINY.hidden);
  expect(fast).toEqual(readFinalNorm(await openTiny("exact")));
  expect(fast.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
});

describe("rows of the unembedding", () => {
  it.each([false, true])(
    "are the same in both precisions, since Q8_0 moves to 8 bits exactly (untied: %s)",
    async (untied) => {
      const fast = readUnembeddingRows(await openTiny("fast", { untied }), IDS);
      const exact = readUnembeddingRows(await openTiny("exact", { untied }), IDS);
      expect(fast).toHaveLength(IDS.length * TINY.hidden);
      expect(fast).toEqual(exact);
      expect(fast.subarray(64, 128)).toEqual(fast.subarray(192, 256));
      expect(fast.subarray(0, 64)).not.toEqual(fast.subarray(64, 128));
    },
  );

  it("are the same in both precisions for the vendored model", async () => {
    const ids = [0, 17, 9173, 49_151];
    const exact = readUnembeddingRows(await openVendored("exact"), ids);
    expect(readUnembeddingRows(await openVendored("fast"), ids)).toEqual(exact);
    for (let row = 0; row < ids.length; row += 1) {
      expect(exact.subarray(row * 576, (row + 1) * 576).some((value) => value !== 0)).toBe(true);
    }
  });

  it("come as codes, steps and zero points too, block by block", async () => {
    const rows = readQuantisedRows(await openTiny("fast"), IDS);
    expect(rows.blockSize).toBe(32);
    expect([rows.codes.length, rows.steps.length, rows.zeros.length]).toEqual([4 * 64, 4 * 2, 4 * 2]);
    expect(Array.from(rows.steps)).toEqual(Array.from({ length: 8 }, () => 2 ** -6));
  });

  it("have no 8-bit form in exact precision", async () => {
    const model = await openTiny("exact");
    expect(() => readQuantisedRows(model, IDS)).toThrow('"token_embd.weight" is not prepared in 8-bit blocks');
  });

  it.each([-1, 160, 1e9])("are refused for token %s, which the model does not have", async (id) => {
    const model = await openTiny("fast");
    expect(() => readUnembeddingRows(model, [3, id])).toThrow(`token ${id} is outside the vocabulary of 160`);
  });

  it("come from the embedding where the model has no matrix of its own", async () => {
    expect(unembeddingName(await openTiny("fast"))).toBe("token_embd.weight");
    const untied = await openTiny("exact", { untied: true });
    expect(unembeddingName(untied)).toBe("output.weight");
    expect(readUnembeddingRows(untied, [1])).not.toEqual(readUnembeddingRows(await openTiny("exact"), [1]));
  });
});
