import { describe, expect, it } from "vitest";
import { unpermute } from "../../../src/model/dequantise/row-order.ts";

describe("the row order of query and key matrices", () => {
  it("goes from pairs to halves within each head", () => {
    // Two heads of four rows, two values a row; row r holds [r, r].
    const stored = Float32Array.from({ length: 16 }, (_, index) => Math.floor(index / 2));
    const ordered = unpermute(stored, { rows: 8, heads: 2 });
    expect([...ordered].filter((_, index) => index % 2 === 0)).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  it("is undone by pairing the halves again", () => {
    const rows = Uint8Array.from({ length: 64 }, (_, index) => index);
    const ordered = unpermute(rows, { rows: 64, heads: 1 });
    const paired = rows.map((_, row) => ordered[(row % 2) * 32 + Math.floor(row / 2)] ?? 255);
    expect(paired).toEqual(rows);
  });

  it("leaves what it was given as it is, and refuses shapes that do not divide", () => {
    const rows = Uint8Array.of(0, 1, 2, 3);
    unpermute(rows, { rows: 4, heads: 1 });
    expect(rows).toEqual(Uint8Array.of(0, 1, 2, 3));
    expect(() => unpermute(rows, { rows: 3, heads: 1 })).toThrow(/do not divide into 1 heads/);
  });
});
