import { describe, expect, it } from "vitest";
import { dequantise, readAffineBlocks } from "../../src/model/dequantise.ts";
import { FORMATS, isFormat, type Format } from "../../src/model/dequantise/formats.ts";
import { readFixture } from "../support/reference.ts";

interface Recorded {
  readonly shape: readonly [number, number];
  readonly formats: Readonly<Record<string, { readonly bytes: string; readonly weights: string }>>;
}

const recorded = readFixture<Recorded>("dequantise/formats.json");
const names = Object.keys(recorded.formats).filter(isFormat);

function load(format: Format): { bytes: Uint8Array; weights: Float32Array } {
  const { bytes, weights } = recorded.formats[format] ?? { bytes: "", weights: "" };
  const raw = Buffer.from(weights, "base64");
  return {
    bytes: Buffer.from(bytes, "base64"),
    weights: new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)),
  };
}

describe("dequantising", () => {
  it("is recorded for every format that is read", () => {
    expect(names.toSorted()).toEqual(Object.keys(FORMATS).toSorted());
  });

  it.each(names)("gives the reference's very weights for %s", (format) => {
    const { bytes, weights } = load(format);
    expect(weights).toHaveLength(recorded.shape[0] * recorded.shape[1]);
    // Zero's sign aside, every weight is the same float32.
    expect(dequantise(format, bytes).map((weight) => weight + 0)).toEqual(weights.map((weight) => weight + 0));
  });

  it("reads bytes that do not lie on a word's border", () => {
    const { bytes, weights } = load("F32");
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(dequantise("F32", shifted.subarray(1))).toEqual(weights);
  });

  it("refuses bytes that are not whole blocks", () => {
    expect(() => dequantise("Q4_1", new Uint8Array(21))).toThrow(/21 bytes are not whole Q4_1 blocks of 20/);
  });

  it("takes under half a second for 28 million Q4_1 weights", () => {
    const bytes = new Uint8Array((28_311_552 / 32) * 20).fill(3);
    const started = performance.now();
    expect(dequantise("Q4_1", bytes)).toHaveLength(28_311_552);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("affine blocks", () => {
  it.each(names.filter((name) => !/F/.test(name)))(
    "of %s stand for the same weights, one step and offset a block",
    (format) => {
      const { bytes, weights } = load(format);
      const blocks = readAffineBlocks(format, bytes);
      if (!blocks) throw new Error(`${format} gave no blocks`);
      expect(blocks.codes).toHaveLength(weights.length);
      expect(blocks.steps).toHaveLength(weights.length / blocks.blockSize);
      const again = Float32Array.from(blocks.codes, (code, index) => {
        const block = Math.floor(index / blocks.blockSize);
        return (blocks.steps[block] ?? NaN) * code + (blocks.offsets[block] ?? NaN);
      });
      expect(again.map((weight) => weight + 0)).toEqual(weights.map((weight) => weight + 0));
    },
  );

  it.each(["Q4_0", "Q5_0", "Q8_0", "Q3_K", "Q6_K"] as const)(
    "of %s have a whole number of steps as offset",
    (format) => {
      const blocks = readAffineBlocks(format, load(format).bytes);
      expect(blocks?.divisor).toBe(1);
      blocks?.steps.forEach((step, block) => {
        if (step !== 0) expect(Number.isInteger((blocks.offsets[block] ?? NaN) / step)).toBe(true);
      });
    },
  );

  it("do not exist for formats that hold floats", () => {
    expect(readAffineBlocks("F16", new Uint8Array(4))).toBeUndefined();
  });
});
