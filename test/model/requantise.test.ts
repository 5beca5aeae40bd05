import { describe, expect, it } from "vitest";
import { fromByteBlocks, quantiseFloats, toByteBlocks, type AffineBlocks } from "../../src/model/requantise.ts";
import { createRandom } from "../support/tiny-model.ts";

const BLOCKS = 200;
const random = createRandom("requantise");

interface Drawn {
  readonly levels: number;
  readonly divisor: number;
  /** Offset of a block, in steps. */
  readonly offsetSteps: () => number;
}

function draw({ levels, divisor, offsetSteps }: Drawn): AffineBlocks {
  // Publishers store steps as half-precision floats: 11 significant bits.
  const steps = Float32Array.from({ length: BLOCKS }, () => (1024 + Math.floor(1024 * random())) * 2 ** -16);
  return {
    blockSize: 32,
    codes: Uint8Array.from({ length: 32 * BLOCKS }, () => Math.floor(random() * levels)),
    steps,
    offsets: steps.map((step) => step * offsetSteps()),
    divisor,
  };
}

// The weights that the source stands for, and how far the blocks are off, in source steps.
function errorInSteps(source: AffineBlocks, back: Float32Array): number {
  return Math.max(
    ...back.map((weight, index) => {
      const block = Math.floor(index / source.blockSize);
      const step = source.steps[block] ?? 0;
      return Math.abs(weight - (step * (source.codes[index] ?? 0) + (source.offsets[block] ?? 0))) / step;
    }),
  );
}

describe("moving affine blocks into 8 bits", () => {
  it.each([
    ["Q4_1 and Q4_K", 16, 16, 1 / 32],
    ["Q5_1 and Q5_K", 32, 8, 1 / 16],
  ])("keeps %s within half of a divided step", (_, levels, divisor, bound) => {
    const source = draw({ levels, divisor, offsetSteps: () => -random() * (levels - 1) });
    const blocks = toByteBlocks(source);
    expect(blocks.requantised).toBe(0);
    expect(errorInSteps(source, fromByteBlocks(blocks))).toBeLessThanOrEqual(bound * 1.0001);
  });

  it.each([
    ["4-bit codes around 8", 16, 8],
    ["5-bit codes around 16", 32, 16],
    ["8-bit codes around 128", 256, 128],
  ])("keeps whole offsets exact: %s", (_, levels, zero) => {
    const source = draw({ levels, divisor: 1, offsetSteps: () => -zero });
    const blocks = toByteBlocks(source);
    expect(blocks.requantised).toBe(0);
    expect(errorInSteps(source, fromByteBlocks(blocks))).toBe(0);
  });

  it("shifts codes and zero point together where the divided codes leave 255", () => {
    const source = draw({ levels: 16, divisor: 16, offsetSteps: () => -15.9 });
    source.codes.forEach((_, index) => (source.codes[index] = 8 + (index % 8)));
    const blocks = toByteBlocks(source);
    expect(blocks.requantised).toBe(0);
    expect(errorInSteps(source, fromByteBlocks(blocks))).toBeLessThanOrEqual(1 / 32 + 1e-6);
  });

  it.each([
    ["far above 0", 3],
    ["far below 0", -40],
  ])("quantises a block anew whose offset lies %s, and counts it", (_, offset) => {
    const source = draw({ levels: 16, divisor: 16, offsetSteps: () => offset });
    const blocks = toByteBlocks(source);
    expect(blocks.requantised).toBe(BLOCKS);
    // The fresh range spans 0 and the block: at most 55 steps over 255 levels, half a level off (and a rounded zero point).
    expect(errorInSteps(source, fromByteBlocks(blocks))).toBeLessThanOrEqual(55 / 255);
  });

  it("keeps a block of one value, with a step of 0", () => {
    const one: AffineBlocks = {
      blockSize: 32,
      codes: new Uint8Array(64).fill(9),
      steps: new Float32Array(2),
      offsets: Float32Array.of(0, -0.25),
      divisor: 16,
    };
    const back = fromByteBlocks(toByteBlocks(one));
    expect(back.subarray(0, 32)).toEqual(new Float32Array(32));
    for (const weight of back.subarray(32)) expect(weight).toBeCloseTo(-0.25, 6);
  });
});

describe("quantising floats", () => {
  it("is off by at most one level of the block's range, and keeps 0 exact", () => {
    const weights = Float32Array.from({ length: 320 }, (_, index) => (index % 7 === 0 ? 0 : random() - 0.3));
    const back = fromByteBlocks(quantiseFloats(weights, 32));
    weights.forEach((weight, index) => {
      expect(Math.abs((back[index] ?? NaN) - weight)).toBeLessThanOrEqual(1 / 255);
      if (weight === 0) expect(back[index]).toBe(0);
    });
  });

  it("keeps blocks of zeros, and of one sign", () => {
    expect(fromByteBlocks(quantiseFloats(new Float32Array(32), 32))).toEqual(new Float32Array(32));
    const negative = new Float32Array(32).fill(-2);
    expect(fromByteBlocks(quantiseFloats(negative, 32))[0]).toBeCloseTo(-2, 5);
  });
});
