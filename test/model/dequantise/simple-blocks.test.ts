import { describe, expect, it } from "vitest";
import type { OpenBlocks, Unpacker } from "../../../src/model/dequantise/affine.ts";
import { halfTable } from "../../../src/model/dequantise/half.ts";
import { half, q4One, q4Zero, q5One, q5Zero, q8Zero } from "../../../src/model/dequantise/simple-blocks.ts";

const HALF_ONE = [0x00, 0x3c];
const HALF_MINUS_TWO = [0x00, 0xc0];
const nibbles = Array.from({ length: 16 }, (_, index) => index | ((15 - index) << 4)); // 0…15, then 15…0
const rising = Array.from({ length: 16 }, (_, index) => index);

function unpack(unpacker: Unpacker, bytes: number[]): OpenBlocks {
  const blocks = {
    bytes: Uint8Array.from(bytes),
    halves: halfTable(),
    codes: new Uint8Array(32),
    steps: new Float32Array(1),
    offsets: new Float32Array(1),
  };
  unpacker.fill(blocks);
  return blocks;
}

describe("a block of 32", () => {
  it("of Q4_0 has low nibbles first and its zero at 8", () => {
    const { codes, steps, offsets } = unpack(q4Zero, [...HALF_ONE, ...nibbles]);
    expect([...codes]).toEqual([...rising, ...rising.toReversed()]);
    expect([steps[0], offsets[0]]).toEqual([1, -8]);
  });

  it("of Q4_1 has its own offset", () => {
    const { codes, steps, offsets } = unpack(q4One, [...HALF_ONE, ...HALF_MINUS_TWO, ...nibbles]);
    expect([...codes]).toEqual([...rising, ...rising.toReversed()]);
    expect([steps[0], offsets[0]]).toEqual([1, -2]);
  });

  it("of Q5_0 takes a fifth bit for each weight, its zero at 16", () => {
    const { codes, steps, offsets } = unpack(q5Zero, [...HALF_ONE, 0x01, 0, 0, 0x80, ...nibbles]);
    expect([codes[0], codes[1], codes[30], codes[31]]).toEqual([16, 1, 1, 16]);
    expect([steps[0], offsets[0]]).toEqual([1, -16]);
  });

  it("of Q5_1 has fifth bits and its own offset", () => {
    const { codes, offsets } = unpack(q5One, [...HALF_ONE, ...HALF_MINUS_TWO, 0xff, 0xff, 0, 0, ...nibbles]);
    expect([...codes]).toEqual([...rising.map((code) => code + 16), ...rising.toReversed()]);
    expect(offsets[0]).toBe(-2);
  });

  it("of Q8_0 moves signed bytes to 0…255", () => {
    const { codes, offsets } = unpack(q8Zero, [
      ...HALF_MINUS_TWO,
      0x80,
      0xff,
      0x00,
      0x7f,
      ...Array.from({ length: 28 }, () => 0),
    ]);
    expect([...codes.subarray(0, 4)]).toEqual([0, 127, 128, 255]);
    expect(offsets[0]).toBe(256);
  });
});

describe("a half", () => {
  it("is read lowest byte first", () => {
    expect(half({ ...unpack(q4Zero, [...HALF_ONE, ...nibbles]), bytes: Uint8Array.of(9, 0x00, 0xc0) }, 1)).toBe(-2);
  });
});
