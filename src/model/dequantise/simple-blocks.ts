import type { OpenBlocks, Unpacker } from "./affine.ts";

/** Q4_0: a half and 16 bytes of nibbles, the low ones first; weight = step × (nibble − 8). */
export const q4Zero: Unpacker = {
  blockSize: 32,
  divisor: 1,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let block = 0; block < steps.length; block += 1) {
      const from = block * 18;
      steps[block] = half(blocks, from);
      offsets[block] = -8 * steps[block]!;
      nibbles({ bytes, from: from + 2, codes, to: block * 32 });
    }
  },
};

/** Q4_1: two halves, step and offset, and 16 bytes of nibbles. */
export const q4One: Unpacker = {
  blockSize: 32,
  divisor: 16,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let block = 0; block < steps.length; block += 1) {
      const from = block * 20;
      steps[block] = half(blocks, from);
      offsets[block] = half(blocks, from + 2);
      nibbles({ bytes, from: from + 4, codes, to: block * 32 });
    }
  },
};

/** Q5_0: a half, 32 fifth bits, 16 bytes of nibbles; weight = step × (code − 16). */
export const q5Zero: Unpacker = {
  blockSize: 32,
  divisor: 1,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let block = 0; block < steps.length; block += 1) {
      const from = block * 22;
      steps[block] = half(blocks, from);
      offsets[block] = -16 * steps[block]!;
      nibbles({ bytes, from: from + 6, codes, to: block * 32 });
      fifthBits({ bytes, from: from + 2, codes, to: block * 32 });
    }
  },
};

/** Q5_1: two halves, step and offset, 32 fifth bits, 16 bytes of nibbles. */
export const q5One: Unpacker = {
  blockSize: 32,
  divisor: 8,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let block = 0; block < steps.length; block += 1) {
      const from = block * 24;
      steps[block] = half(blocks, from);
      offsets[block] = half(blocks, from + 2);
      nibbles({ bytes, from: from + 8, codes, to: block * 32 });
      fifthBits({ bytes, from: from + 4, codes, to: block * 32 });
    }
  },
};

/** Q8_0: a half and 32 signed bytes; the code is the byte plus 128. */
export const q8Zero: Unpacker = {
  blockSize: 32,
  divisor: 1,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let block = 0; block < steps.length; block += 1) {
      const from = block * 34;
      steps[block] = half(blocks, from);
      offsets[block] = -128 * steps[block]!;
      for (let index = 0; index < 32; index += 1) codes[block * 32 + index] = bytes[from + 2 + index]! ^ 128;
    }
  },
};

/** The half whose two bytes lie at `from`, lowest first. */
export function half({ bytes, halves }: OpenBlocks, from: number): number {
  return halves[bytes[from]! | (bytes[from + 1]! << 8)]!;
}

interface Move {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly codes: Uint8Array;
  readonly to: number;
}

function nibbles({ bytes, from, codes, to }: Move): void {
  for (let index = 0; index < 16; index += 1) {
    const pair = bytes[from + index]!;
    codes[to + index] = pair & 15;
    codes[to + 16 + index] = pair >> 4;
  }
}

function fifthBits({ bytes, from, codes, to }: Move): void {
  for (let index = 0; index < 32; index += 1) {
    const bit = (bytes[from + (index >> 3)]! >> (index & 7)) & 1;
    codes[to + index] = codes[to + index]! | (bit << 4);
  }
}
