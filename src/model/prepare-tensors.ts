import { closeSync, openSync, readSync } from "node:fs";
import type { Architecture } from "./architecture.ts";
import { dequantise, readAffineBlocks } from "./dequantise.ts";
import { unpermute } from "./dequantise/row-order.ts";
import type { GgufFile, GgufTensor } from "./gguf.ts";
import type { PrepareReport, TensorEntry } from "./prepared.ts";
import { fromByteBlocks, quantiseFloats, toByteBlocks, type ByteBlocks } from "./requantise.ts";
import { requiredTensors } from "./required-tensors.ts";
import type { WeightsWriter } from "./weights-writer.ts";

const BLOCK = 32;

/** What writing the tensors gave, for the manifest. */
export interface PreparedTensors {
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  readonly blockSizes: Readonly<Record<string, number>>;
  readonly report: PrepareReport;
}

export interface PrepareTensorsOptions {
  readonly source: GgufFile;
  readonly architecture: Architecture;
  readonly precision: "fast" | "exact";
  readonly writer: WeightsWriter;
  /** Called after every tensor with the bytes read so far and in all. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Converts and writes every tensor, one after the other, giving the event loop a turn in between. */
export async function prepareTensors(options: PrepareTensorsOptions): Promise<PreparedTensors> {
  const { source, writer } = options;
  const used = chooseTensors(source, options.architecture);
  const total = used.reduce((sum, tensor) => sum + tensor.byteLength, 0);
  const formats: Record<string, number> = {};
  const blockSizes: Record<string, number> = {};
  const error = { requantised: 0, largest: 0, squares: 0, sourceSquares: 0 };
  const file = openSync(source.path, "r");
  let done = 0;
  try {
    for (const tensor of used) {
      const bytes = rotaryRows(readTensor(file, tensor), tensor, options.architecture);
      formats[tensor.type] = (formats[tensor.type] ?? 0) + 1;
      const weights = dequantise(tensor.type, bytes);
      if (!allFinite(weights)) throw new Error(`${tensor.name} holds a weight that is no finite number`);
      if (tensor.shape.length === 1 || options.precision === "exact") {
        writer.write(tensor.name, tensor.shape, weights);
      } else {
        const blocks = compress(tensor, bytes, weights);
        blockSizes[tensor.name] = blocks.blockSize;
        writeBlocks(writer, tensor, blocks);
        measure(error, weights, blocks);
      }
      done += tensor.byteLength;
      options.onProgress(done, total);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(file);
  }
  const relativeError = error.sourceSquares === 0 ? 0 : Math.sqrt(error.squares / error.sourceSquares);
  const report = { formats, requantisedBlocks: error.requantised, largestError: error.largest, relativeError };
  return { tensors: writer.index(), blockSizes, report };
}

// In the order of the file. All that the graph needs must be there, and nothing that would change what it computes.
function chooseTensors(source: GgufFile, architecture: Architecture): GgufTensor[] {
  const required = requiredTensors(architecture);
  for (const [name, shape] of required) {
    const found = source.tensor(name).shape;
    if (found.join() === shape.join()) continue;
    throw new Error(`${name} has the shape ${found.join(" × ")}, but the metadata calls for ${shape.join(" × ")}`);
  }
  const unknown = source.tensors.find((tensor) => !required.has(tensor.name));
  if (!unknown) return [...source.tensors];
  throw new Error(
    `${unknown.name} is a tensor that lensgate does not know how to use; biases and scaled variants are not supported`,
  );
}

function readTensor(file: number, tensor: GgufTensor): Uint8Array {
  const bytes = new Uint8Array(tensor.byteLength);
  const got = readSync(file, bytes, 0, bytes.length, tensor.offset);
  if (got !== bytes.length) throw new Error(`${tensor.name} is cut short: copy the model file again`);
  return bytes;
}

// GGUF stores the rows of q and k for rotation of neighbours; the graph rotates halves. Whole rows move: every format stays exact.
function rotaryRows(bytes: Uint8Array, tensor: GgufTensor, architecture: Architecture): Uint8Array {
  if (!/\.attn_[qk]\.weight$/.test(tensor.name)) return bytes;
  const rows = tensor.shape[0] ?? 0;
  return unpermute(bytes, { rows, heads: rows / architecture.headDim });
}

function allFinite(weights: Float32Array): boolean {
  for (let index = 0; index < weights.length; index += 1) if (!Number.isFinite(weights[index])) return false;
  return true;
}

function compress(tensor: GgufTensor, bytes: Uint8Array, weights: Float32Array): ByteBlocks {
  const affine = readAffineBlocks(tensor.type, bytes);
  if (affine) return toByteBlocks(affine);
  const columns = tensor.shape.at(-1) ?? 0;
  if (columns % BLOCK !== 0)
    throw new Error(`${tensor.name} has ${columns} columns, which are no whole blocks of ${BLOCK}`);
  return quantiseFloats(weights, BLOCK);
}

function writeBlocks(writer: WeightsWriter, tensor: GgufTensor, blocks: ByteBlocks): void {
  const [rows = 0, columns = 0] = tensor.shape;
  const { blockSize } = blocks;
  writer.write(`${tensor.name}.codes`, [rows, columns / blockSize, blockSize], blocks.codes);
  writer.write(`${tensor.name}.steps`, [(rows * columns) / blockSize], blocks.steps);
  writer.write(`${tensor.name}.zeros`, [(rows * columns) / blockSize], blocks.zeros);
}

interface ErrorSum {
  requantised: number;
  largest: number;
  squares: number;
  sourceSquares: number;
}

function measure(sum: ErrorSum, weights: Float32Array, blocks: ByteBlocks): void {
  sum.requantised += blocks.requantised;
  const back = fromByteBlocks(blocks);
  for (let index = 0; index < weights.length; index += 1) {
    const off = Math.abs(weights[index]! - back[index]!);
    if (off > sum.largest) sum.largest = off;
    sum.squares += off * off;
    sum.sourceSquares += weights[index]! * weights[index]!;
  }
}
