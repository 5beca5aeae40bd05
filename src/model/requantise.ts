/**
 * A matrix as its publisher quantised it: every weight is `step × code + offset` of its block.
 * Blocks run along the columns; `codes` are in weight order.
 */
export interface AffineBlocks {
  readonly blockSize: number;
  readonly codes: Uint8Array; // [rows × columns]
  readonly steps: Float32Array; // [rows × columns / blockSize]
  readonly offsets: Float32Array; // [rows × columns / blockSize]
  /** Into how many parts a step is divided so that the offset falls close to a whole number of parts; 1 where it is one. */
  readonly divisor: number;
}

/** A matrix in 8-bit blocks as `MatMulNBits` takes it: weight = step × (code − zero). */
export interface ByteBlocks {
  readonly blockSize: number;
  readonly codes: Uint8Array; // [rows × columns]
  readonly steps: Float32Array; // [rows × columns / blockSize]
  readonly zeros: Uint8Array; // [rows × columns / blockSize]
  /** Blocks whose offset left the 8-bit range and that were quantised anew. */
  readonly requantised: number;
}

/**
 * Moves affine blocks into 8 bits. With divisor 16 (Q4_1, Q4_K) the offset is off by at most 1/32 of a source step;
 * with divisor 1 nothing is off.
 */
export function toByteBlocks(source: AffineBlocks): ByteBlocks {
  const { blockSize, divisor } = source;
  const count = source.steps.length;
  const codes = new Uint8Array(source.codes.length); // [rows × columns]
  const steps = new Float32Array(count); // [blocks]
  const zeros = new Uint8Array(count); // [blocks]
  let requantised = 0;
  for (let block = 0; block < count; block += 1) {
    const start = block * blockSize;
    const from = source.codes.subarray(start, start + blockSize);
    const fitted = fitBlock({
      codes: from,
      step: source.steps[block]! / divisor,
      offset: source.offsets[block]!,
      divisor,
    });
    if (fitted) {
      steps[block] = fitted.step;
      zeros[block] = fitted.zero;
      for (let index = 0; index < blockSize; index += 1) codes[start + index] = divisor * from[index]! - fitted.shift;
      continue;
    }
    requantised += 1;
    const weights = Float32Array.from(from, (code) => source.steps[block]! * code + source.offsets[block]!);
    const fresh = quantiseBlock(weights, codes.subarray(start, start + blockSize));
    steps[block] = fresh.step;
    zeros[block] = fresh.zero;
  }
  return { blockSize, codes, steps, zeros, requantised };
}

interface SourceBlock {
  readonly codes: Uint8Array;
  readonly step: number;
  readonly offset: number;
  readonly divisor: number;
}

// weight = step × (divisor × code − (−offset / step)); both sides are shifted together until they fit 0…255.
function fitBlock({
  codes,
  step,
  offset,
  divisor,
}: SourceBlock): { step: number; zero: number; shift: number } | undefined {
  let low = 255;
  let high = 0;
  for (const code of codes) {
    if (code < low) low = code;
    if (code > high) high = code;
  }
  // Every weight is the offset itself: a step of 0 is exact only where that is 0.
  if (step === 0) return offset === 0 ? { step, zero: 0, shift: 0 } : undefined;
  const wholeZero = Math.round(-offset / step);
  const shift = Math.max(0, wholeZero - 255, divisor * high - 255);
  const zero = wholeZero - shift;
  if (zero < 0 || zero > 255 || divisor * low - shift < 0) return undefined;
  return { step, zero, shift };
}

/** Plain 8-bit quantisation of float weights in blocks; the range of every block holds 0. */
export function quantiseFloats(weights: Float32Array, blockSize: number): ByteBlocks {
  const count = weights.length / blockSize;
  const codes = new Uint8Array(weights.length); // [rows × columns]
  const steps = new Float32Array(count); // [blocks]
  const zeros = new Uint8Array(count); // [blocks]
  for (let block = 0; block < count; block += 1) {
    const start = block * blockSize;
    const fresh = quantiseBlock(weights.subarray(start, start + blockSize), codes.subarray(start, start + blockSize));
    steps[block] = fresh.step;
    zeros[block] = fresh.zero;
  }
  return { blockSize, codes, steps, zeros, requantised: 0 };
}

function quantiseBlock(weights: Float32Array, codes: Uint8Array): { step: number; zero: number } {
  let low = 0;
  let high = 0;
  for (const weight of weights) {
    if (weight < low) low = weight;
    if (weight > high) high = weight;
  }
  const step = Math.fround((high - low) / 255) || 1;
  const zero = Math.round(-low / step);
  for (let index = 0; index < codes.length; index += 1) {
    codes[index] = Math.max(0, Math.min(255, Math.round(weights[index]! / step) + zero));
  }
  return { step, zero };
}

/** The weights that 8-bit blocks stand for. `[rows × columns]` */
export function fromByteBlocks({ blockSize, codes, steps, zeros }: ByteBlocks): Float32Array {
  const weights = new Float32Array(codes.length); // [rows × columns]
  for (let block = 0; block < steps.length; block += 1) {
    const step = steps[block]!;
    const zero = zeros[block]!;
    for (let index = block * blockSize; index < (block + 1) * blockSize; index += 1) {
      weights[index] = step * (codes[index]! - zero);
    }
  }
  return weights;
}
