import { describe, expect, it } from "vitest";
import type { OpenBlocks, Unpacker } from "../../../src/model/dequantise/affine.ts";
import { halfTable } from "../../../src/model/dequantise/half.ts";
import { q3K, q4K, q5K, q6K } from "../../../src/model/dequantise/super-blocks.ts";

function unpack(unpacker: Unpacker, bytes: Uint8Array): OpenBlocks {
  const count = 256 / unpacker.blockSize;
  const blocks = {
    bytes,
    halves: halfTable(),
    codes: new Uint8Array(256),
    steps: new Float32Array(count),
    offsets: new Float32Array(count),
  };
  unpacker.fill(blocks);
  return blocks;
}

function block(size: number, fields: Readonly<Record<number, number[]>>): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [place, values] of Object.entries(fields)) bytes.set(values, Number(place));
  return bytes;
}

const ONE = [0x00, 0x3c];

describe("a block of 256", () => {
  it("of Q4_K joins the later scales and minima from two parts", () => {
    // Scale 0 is 63; scale 4 has low bits 5 and high bits 3 (from scale 0's top), minimum 4 low bits 10 and high bits 2.
    const { steps, offsets } = unpack(q4K, block(144, { 0: ONE, 2: ONE, 4: [0xff], 8: [0x81], 12: [0xa5] }));
    expect([steps[0], offsets[0]]).toEqual([63, -1]);
    expect([steps[4], offsets[4]]).toEqual([5 + 48, -(10 + 32)]);
  });

  it("of Q4_K has 32 low nibbles, then their 32 high ones", () => {
    const { codes } = unpack(q4K, block(144, { 16: [0x21], 48: [0x43] }));
    expect([codes[0], codes[32], codes[64], codes[96]]).toEqual([1, 2, 3, 4]);
  });

  it("of Q5_K takes two fifth bits a group from the same byte", () => {
    const { codes } = unpack(q5K, block(176, { 16: [0b10000001], 48: [0x21], 144: [0x65] }));
    expect([codes[0], codes[32], codes[192], codes[224]]).toEqual([17, 2, 5, 22]);
  });

  it("of Q6_K has signed scales and its zero at 32", () => {
    const { codes, steps, offsets } = unpack(
      q6K,
      block(210, { 0: [0x21], 128: [0b11100100], 192: [0xff, 2], 208: ONE }),
    );
    expect([codes[0], codes[32], codes[64], codes[96]]).toEqual([1, 16, 2 + 32, 48]);
    expect([...steps.subarray(0, 2)]).toEqual([-1, 2]);
    expect([...offsets.subarray(0, 2)]).toEqual([32, -64]);
  });

  it("of Q3_K adds 4 where the third bit is set and has 6-bit scales around 32", () => {
    const { codes, steps, offsets } = unpack(
      q3K,
      block(110, { 0: [0b00010010], 32: [0b11100100], 64: [0b01], 96: [0x1f], 104: [0b01], 108: ONE }),
    );
    expect([codes[0], codes[32], codes[64], codes[96], codes[128]]).toEqual([0, 1 + 4, 2, 3, 1 + 4]);
    // Scale 0: low bits 15, high bits 1; scale 8: low bits 1.
    expect([steps[0], offsets[0], steps[8]]).toEqual([31 - 32, 4, 1 - 32]);
  });
});
