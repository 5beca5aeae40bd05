import type { AffineBlocks } from "../requantise.ts";
import type { Format } from "./formats.ts";

/** The quantised formats: every one of them is a step and an offset a block. */
export type QuantisedFormat = Exclude<Format, "F32" | "F16" | "BF16">;

/** Blocks of one format while they are filled: see `AffineBlocks`. */
export interface OpenBlocks {
  readonly bytes: Uint8Array;
  /** Every half by its bits. `[65536]` */
  readonly halves: Float32Array;
  readonly codes: Uint8Array; // [weights]
  readonly steps: Float32Array; // [weights / blockSize]
  readonly offsets: Float32Array; // [weights / blockSize]
}

/** How one format is unpacked. */
export interface Unpacker {
  readonly blockSize: 16 | 32;
  /** Into how many parts preparing divides a step so that the offset falls close to a whole part; 1 where it always is one. */
  readonly divisor: AffineBlocks["divisor"];
  /** Fills codes, steps and offsets. Products of a half and a 6- or 8-bit scale are exact in float32. */
  fill(blocks: OpenBlocks): void;
}
