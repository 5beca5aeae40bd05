import type { OpenBlocks, Unpacker } from "./affine.ts";
import { half } from "./simple-blocks.ts";

/** Q3_K: 16 blocks of 16; 32 bytes of third bits, 64 of pairs, 12 of 6-bit scales, a half; weight = step × (code − 4). */
export const q3K: Unpacker = {
  blockSize: 16,
  divisor: 1,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let from = 0, to = 0; to < codes.length; from += 110, to += 256) {
      const scale = half(blocks, from + 108);
      for (let block = 0; block < 16; block += 1) {
        const low = block < 8 ? bytes[from + 96 + block]! & 15 : bytes[from + 88 + block]! >> 4;
        const high = (bytes[from + 104 + (block & 3)]! >> (2 * (block >> 2))) & 3;
        const step = scale * ((low | (high << 4)) - 32);
        steps[to / 16 + block] = step;
        offsets[to / 16 + block] = -4 * step;
      }
      for (let index = 0; index < 256; index += 1) {
        const group = index >> 5; // 8 groups of 32 share the bytes of third bits
        const lane = index & 31;
        const pair = (bytes[from + 32 + (group >> 2) * 32 + lane]! >> (2 * (group & 3))) & 3;
        codes[to + index] = pair | (((bytes[from + lane]! >> group) & 1) << 2);
      }
    }
  },
};

/** Q4_K: 8 blocks of 32; two halves, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles. */
export const q4K: Unpacker = {
  blockSize: 32,
  divisor: 16,
  fill(blocks) {
    const { bytes, codes } = blocks;
    for (let from = 0, to = 0; to < codes.length; from += 144, to += 256) {
      scalesAndMinima(blocks, { from, to });
      for (let index = 0; index < 128; index += 1) {
        const pair = bytes[from + 16 + index]!;
        const place = to + ((index >> 5) << 6) + (index & 31);
        codes[place] = pair & 15;
        codes[place + 32] = pair >> 4;
      }
    }
  },
};

/** Q5_K: as Q4_K, with 32 bytes of fifth bits before the nibbles. */
export const q5K: Unpacker = {
  blockSize: 32,
  divisor: 8,
  fill(blocks) {
    const { bytes, codes } = blocks;
    for (let from = 0, to = 0; to < codes.length; from += 176, to += 256) {
      scalesAndMinima(blocks, { from, to });
      for (let index = 0; index < 128; index += 1) {
        const group = index >> 5;
        const pair = bytes[from + 48 + index]!;
        const fifth = bytes[from + 16 + (index & 31)]! >> (2 * group);
        const place = to + (group << 6) + (index & 31);
        codes[place] = (pair & 15) | ((fifth & 1) << 4);
        codes[place + 32] = (pair >> 4) | ((fifth & 2) << 3);
      }
    }
  },
};

/** Q6_K: 16 blocks of 16; 128 bytes of nibbles, 64 of high pairs, 16 signed scales, a half; weight = step × (code − 32). */
export const q6K: Unpacker = {
  blockSize: 16,
  divisor: 1,
  fill(blocks) {
    const { bytes, codes, steps, offsets } = blocks;
    for (let from = 0, to = 0; to < codes.length; from += 210, to += 256) {
      const scale = half(blocks, from + 208);
      for (let block = 0; block < 16; block += 1) {
        const step = scale * ((bytes[from + 192 + block]! << 24) >> 24);
        steps[to / 16 + block] = step;
        offsets[to / 16 + block] = -32 * step;
      }
      for (let index = 0; index < 256; index += 1) {
        const side = index >> 7;
        const group = (index >> 5) & 3;
        const lane = index & 31;
        const pair = bytes[from + side * 64 + (group & 1) * 32 + lane]!;
        const high = (bytes[from + 128 + side * 32 + lane]! >> (2 * group)) & 3;
        codes[to + index] = (group < 2 ? pair & 15 : pair >> 4) | (high << 4);
      }
    }
  },
};

// Eight 6-bit scales and eight 6-bit minima in 12 bytes: the first four whole, the others in two parts.
function scalesAndMinima(blocks: OpenBlocks, { from, to }: { from: number; to: number }): void {
  const { bytes, steps, offsets } = blocks;
  const scale = half(blocks, from);
  const least = half(blocks, from + 2);
  const packed = from + 4;
  for (let block = 0; block < 8; block += 1) {
    const first = bytes[packed + (block & 3)]!;
    const second = bytes[packed + 4 + (block & 3)]!;
    const third = bytes[packed + 8 + (block & 3)]!;
    steps[to / 32 + block] = scale * (block < 4 ? first & 63 : (third & 15) | ((first >> 6) << 4));
    offsets[to / 32 + block] = -least * (block < 4 ? second & 63 : (third >> 4) | ((second >> 6) << 4));
  }
}
