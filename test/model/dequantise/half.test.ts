import { describe, expect, it } from "vitest";
import { halfTable, halfToNumber } from "../../../src/model/dequantise/half.ts";

describe("halves", () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x83ff, -1023 * 2 ** -24],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])("%i stands for %f", (bits, value) => {
    expect(halfToNumber(bits)).toBe(value);
  });

  it("are all in the table, exactly", () => {
    const table = halfTable();
    expect(table).toHaveLength(65536);
    expect(table.every((value, bits) => Object.is(value, halfToNumber(bits)))).toBe(true);
    expect(halfTable()).toBe(table);
  });
});
