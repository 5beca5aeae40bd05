import type { Architecture } from "./architecture.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Raised whenever prepared bytes or graphs change meaning: older folders are then prepared anew. */
export const FORMAT_VERSION = 1;

/** Where one tensor lies in `weights.bin`: bytes, little-endian, row-major. */
export interface TensorEntry {
  readonly element: "float32" | "uint8";
  readonly dims: readonly number[];
  readonly offset: number;
  readonly length: number;
}
export type TensorIndex = Readonly<Record<string, TensorEntry>>;

/** How much preparing moved a matrix away from its source. */
export interface PrepareReport {
  /** Source formats and how many tensors had each. */
  readonly formats: Readonly<Record<string, number>>;
  /** Blocks whose offset left the 8-bit range and were quantised again. */
  readonly requantisedBlocks: number;
  /** Largest |prepared − source| over all weights, and over the source's root mean square. */
  readonly largestError: number;
  readonly relativeError: number;
}

/** `prepared.json`: everything a later start needs besides the mapped weights. */
export interface Manifest {
  readonly formatVersion: number;
  readonly name: string;
  /** sha256 of the publisher's file. */
  readonly sourceSha256: string;
  readonly precision: "fast" | "exact";
  readonly architecture: Architecture;
  readonly vocabulary: Vocabulary;
  readonly tensors: TensorIndex;
  /** Quantisation block of every 8-bit matrix. */
  readonly blockSizes: Readonly<Record<string, number>>;
  readonly weightsBytes: number;
  readonly weightsSha256: string;
  readonly report: PrepareReport;
}

/** A prepared model on disk. */
export interface PreparedModel {
  readonly folder: string;
  readonly manifest: Manifest;
}

export const WEIGHTS_FILE = "weights.bin";
export const MANIFEST_FILE = "prepared.json";
