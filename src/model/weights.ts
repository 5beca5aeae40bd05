import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { WEIGHTS_FILE, type PreparedModel, type TensorEntry } from "./prepared.ts";

/** Rows of a prepared matrix as they are stored: codes, steps and zero points of 8-bit blocks. */
export interface QuantisedRows {
  readonly codes: Uint8Array; // [rows, columns]
  readonly steps: Float32Array; // [rows, columns / block]
  readonly zeros: Uint8Array; // [rows, columns / block]
  readonly blockSize: number;
}

/** Name of the matrix that turns a normed row into logits. */
export function unembeddingName(model: PreparedModel): string {
  return model.manifest.architecture.tied ? "token_embd.weight" : "output.weight";
}

/** Rows of the unembedding in float32, `[ids, hidden]`: the source's own values for Q8_0 and float sources. */
export function readUnembeddingRows(model: PreparedModel, ids: ArrayLike<number>): Float32Array {
  const { hidden } = model.manifest.architecture;
  if (model.manifest.precision === "exact") {
    return new Float32Array(readRows(model, unembeddingName(model), ids).buffer);
  }
  const { codes, steps, zeros, blockSize } = readQuantisedRows(model, ids);
  const rows = new Float32Array(ids.length * hidden); // [ids, hidden]
  for (let index = 0; index < rows.length; index += 1) {
    const block = Math.floor(index / blockSize);
    rows[index] = ((codes[index] ?? 0) - (zeros[block] ?? 0)) * (steps[block] ?? 0);
  }
  return rows;
}

/** What the final norm multiplies a scaled row with, `[hidden]`. */
export function readFinalNorm(model: PreparedModel): Float32Array {
  const { hidden } = model.manifest.architecture;
  const entry = entryOf(model, "output_norm.weight");
  const values = new Float32Array(hidden); // [hidden]
  if (entry.length !== values.byteLength) throw new Error(`the final norm holds ${entry.length} bytes`);
  const file = openSync(join(model.folder, WEIGHTS_FILE), "r");
  try {
    readSync(file, new Uint8Array(values.buffer), 0, entry.length, entry.offset);
  } finally {
    closeSync(file);
  }
  return values;
}

/** Rows of the unembedding as stored in fast precision. */
export function readQuantisedRows(model: PreparedModel, ids: ArrayLike<number>): QuantisedRows {
  const name = unembeddingName(model);
  const blockSize = model.manifest.blockSizes[name];
  if (blockSize === undefined) throw new Error(`"${name}" is not prepared in 8-bit blocks`);
  return {
    codes: readRows(model, `${name}.codes`, ids),
    steps: new Float32Array(readRows(model, `${name}.steps`, ids).buffer),
    zeros: readRows(model, `${name}.zeros`, ids),
    blockSize,
  };
}

/** Bytes of the given rows of the unembedding's part `name`, row after row; flat parts (steps, zeros) have as many rows too. */
function readRows(model: PreparedModel, name: string, ids: ArrayLike<number>): Uint8Array {
  const { vocabulary } = model.manifest.architecture;
  const entry = entryOf(model, name);
  const rowBytes = entry.length / vocabulary;
  const bytes = new Uint8Array(ids.length * rowBytes);
  const file = openSync(join(model.folder, WEIGHTS_FILE), "r");
  try {
    for (let row = 0; row < ids.length; row += 1) {
      const id = ids[row] ?? -1;
      if (id < 0 || id >= vocabulary) throw new RangeError(`token ${id} is outside the vocabulary of ${vocabulary}`);
      const got = readSync(file, bytes, row * rowBytes, rowBytes, entry.offset + id * rowBytes);
      if (got !== rowBytes) throw new Error(`${WEIGHTS_FILE} is shorter than its manifest says`);
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

function entryOf(model: PreparedModel, name: string): TensorEntry {
  const entry = model.manifest.tensors[name];
  if (!entry) throw new Error(`the prepared weights hold no tensor "${name}"`);
  return entry;
}
