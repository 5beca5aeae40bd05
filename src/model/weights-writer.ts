import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { TensorEntry } from "./prepared.ts";

/** Appends tensors to a weights file, each on a 64-byte border, hashing as it goes. */
export interface WeightsWriter {
  write(name: string, dims: readonly number[], values: Float32Array | Uint8Array): void;
  index(): Readonly<Record<string, TensorEntry>>;
  /** Makes the file durable and returns its length in bytes and its sha256. */
  finish(): { bytes: number; sha256: string };
  /** Closes the file without finishing. */
  abandon(): void;
}

const ALIGNMENT = 64;

/** Creates the file at `path`; throws when it exists. */
export function createWeightsWriter(path: string): WeightsWriter {
  const file = openSync(path, "wx", 0o644);
  const hash = createHash("sha256");
  const entries: Record<string, TensorEntry> = {};
  let length = 0;

  const append = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
    hash.update(bytes);
    length += bytes.length;
  };

  return {
    write(name, dims, values) {
      append(new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT));
      const element = values instanceof Float32Array ? "float32" : "uint8";
      entries[name] = { element, dims, offset: length, length: values.byteLength };
      append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    },
    index: () => entries,
    finish() {
      fsyncSync(file);
      closeSync(file);
      return { bytes: length, sha256: hash.digest("hex") };
    },
    abandon: () => closeSync(file),
  };
}
