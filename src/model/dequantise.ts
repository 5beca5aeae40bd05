import type { AffineBlocks } from "./requantise.ts";
import type { QuantisedFormat, Unpacker } from "./dequantise/affine.ts";
import { FORMATS, type Format } from "./dequantise/formats.ts";
import { halfTable } from "./dequantise/half.ts";
import { q4One, q4Zero, q5One, q5Zero, q8Zero } from "./dequantise/simple-blocks.ts";
import { q3K, q4K, q5K, q6K } from "./dequantise/super-blocks.ts";

const UNPACKERS: Readonly<Record<QuantisedFormat, Unpacker>> = {
  Q4_0: q4Zero,
  Q4_1: q4One,
  Q5_0: q5Zero,
  Q5_1: q5One,
  Q8_0: q8Zero,
  Q3_K: q3K,
  Q4_K: q4K,
  Q5_K: q5K,
  Q6_K: q6K,
};

/**
 * Splits quantised bytes into codes, steps and offsets without loss: weight = step × code + offset, rounded once to float32.
 * Whole rows follow each other. Undefined for the formats that hold floats.
 */
export function readAffineBlocks(format: Format, bytes: Uint8Array): AffineBlocks | undefined {
  if (!isQuantised(format)) return undefined;
  const { blockSize, divisor, fill } = UNPACKERS[format];
  const weights = countWeights(format, bytes);
  const codes = new Uint8Array(weights); // [weights]
  const steps = new Float32Array(weights / blockSize); // [weights / blockSize]
  const offsets = new Float32Array(weights / blockSize); // [weights / blockSize]
  fill({ bytes, halves: halfTable(), codes, steps, offsets });
  return { blockSize, codes, steps, offsets, divisor };
}

function isQuantised(format: Format): format is QuantisedFormat {
  return Object.hasOwn(UNPACKERS, format);
}

/** The weights that a tensor's bytes stand for, in the order of the file. `[weights]` */
export function dequantise(format: Format, bytes: Uint8Array): Float32Array {
  const blocks = readAffineBlocks(format, bytes);
  if (blocks) return fromAffine(blocks);
  const weights = new Float32Array(countWeights(format, bytes)); // [weights]
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === "F32") {
    for (let index = 0; index < weights.length; index += 1) weights[index] = words.getFloat32(4 * index, true);
    return weights;
  }
  if (format === "F16") {
    const halves = halfTable();
    for (let index = 0; index < weights.length; index += 1) weights[index] = halves[words.getUint16(2 * index, true)]!;
    return weights;
  }
  const bits = new Uint32Array(weights.buffer); // BF16 is the upper half of a float32
  for (let index = 0; index < weights.length; index += 1) bits[index] = words.getUint16(2 * index, true) << 16;
  return weights;
}

function fromAffine({ blockSize, codes, steps, offsets }: AffineBlocks): Float32Array {
  const weights = new Float32Array(codes.length); // [weights]
  for (let block = 0; block < steps.length; block += 1) {
    const step = steps[block]!;
    const offset = offsets[block]!;
    const end = (block + 1) * blockSize;
    for (let index = block * blockSize; index < end; index += 1) weights[index] = step * codes[index]! + offset;
  }
  return weights;
}

function countWeights(format: Format, bytes: Uint8Array): number {
  const block = FORMATS[format];
  if (bytes.length % block.bytes !== 0) {
    throw new Error(`${bytes.length} bytes are not whole ${format} blocks of ${block.bytes} bytes`);
  }
  return (bytes.length / block.bytes) * block.weights;
}
