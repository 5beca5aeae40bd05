/** Tensor formats that lensgate reads, with the weights and bytes of one block (source: ggml's block layouts). */
export const FORMATS = {
  F32: { weights: 1, bytes: 4 },
  F16: { weights: 1, bytes: 2 },
  BF16: { weights: 1, bytes: 2 },
  Q4_0: { weights: 32, bytes: 18 },
  Q4_1: { weights: 32, bytes: 20 },
  Q5_0: { weights: 32, bytes: 22 },
  Q5_1: { weights: 32, bytes: 24 },
  Q8_0: { weights: 32, bytes: 34 },
  Q3_K: { weights: 256, bytes: 110 },
  Q4_K: { weights: 256, bytes: 144 },
  Q5_K: { weights: 256, bytes: 176 },
  Q6_K: { weights: 256, bytes: 210 },
} as const;

/** Name of a tensor format, as llama.cpp writes it. */
export type Format = keyof typeof FORMATS;

/** Whether lensgate reads this format. */
export function isFormat(name: string): name is Format {
  return Object.hasOwn(FORMATS, name);
}

/** Bytes that `weights` weights take; throws an `Error` when they do not fill whole blocks. */
export function byteLengthOf(format: Format, weights: number): number {
  const block = FORMATS[format];
  if (weights % block.weights !== 0) {
    throw new Error(`${weights} weights do not fill whole ${format} blocks of ${block.weights}`);
  }
  return (weights / block.weights) * block.bytes;
}
