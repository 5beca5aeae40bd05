import { describe, expect, it } from "vitest";
import { byteLengthOf, isFormat } from "../../../src/model/dequantise/formats.ts";

describe("tensor formats", () => {
  it("know their names", () => {
    expect([isFormat("Q4_1"), isFormat("IQ2_XXS"), isFormat("toString")]).toEqual([true, false, false]);
  });

  it("give the bytes of whole blocks", () => {
    expect(byteLengthOf("Q8_0", 576)).toBe(612);
    expect(byteLengthOf("Q6_K", 512)).toBe(420);
    expect(byteLengthOf("F32", 3)).toBe(12);
  });

  it("refuse weights that do not fill whole blocks", () => {
    expect(() => byteLengthOf("Q4_K", 576)).toThrow("576 weights do not fill whole Q4_K blocks of 256");
  });
});
