import { open } from "node:fs/promises";
import { GGMLQuantizationType, gguf, type GGUFParseOutput } from "@huggingface/gguf";
import { ConfigError } from "../errors.ts";
import { FORMATS, byteLengthOf, isFormat, type Format } from "./dequantise/formats.ts";
import { createMetadata, type GgufMetadata } from "./gguf-metadata.ts";

/** One tensor of a GGUF file. */
export interface GgufTensor {
  readonly name: string;
  /** Slowest dimension first: `[rows, columns]` of a matrix, `[columns]` of a vector. The file has it the other way round. */
  readonly shape: readonly number[];
  readonly type: Format;
  /** Where the weights begin, in bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** What a GGUF file says of itself; the weights stay on disk. */
export interface GgufFile {
  readonly path: string;
  readonly fileBytes: number;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  hasTensor(name: string): boolean;
  /** Throws a `ConfigError` that names the file and the missing tensor. */
  tensor(name: string): GgufTensor;
}

const COPY_AGAIN = "copy the file again and compare its sha256 with the publisher's";
// A key needs its length, a type and a value; a tensor its name's length, dimensions, type and offset.
const SMALLEST_ENTRY_BYTES = 13;
const HEADER_BYTES = 24;

/** Reads metadata and the tensor table. Throws a `ConfigError` (file, fault, cure) for a file that is no GGUF, is cut short or has a format that is not read. */
export async function readGguf(path: string): Promise<GgufFile> {
  const fileBytes = await checkHeader(path);
  const parsed = await parse(path);
  const metadata = createMetadata(path, parsed.metadata);
  if ((metadata.optionalNumber("split.count") ?? 1) > 1) {
    throw fault(path, "is one part of a split model", "merge the parts with llama-gguf-split --merge");
  }
  const tensors = parsed.tensorInfos.map((info) =>
    describeTensor(info, { path, fileBytes, start: Number(parsed.tensorDataOffset) }),
  );
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (byName.size !== tensors.length) throw fault(path, "names a tensor twice", COPY_AGAIN);
  return {
    path,
    fileBytes,
    metadata,
    tensors,
    hasTensor: (name) => byName.has(name),
    tensor(name) {
      const found = byName.get(name);
      if (!found)
        throw fault(
          path,
          `has no tensor ${name}`,
          "take a model of the llama family that its publisher converted whole",
        );
      return found;
    },
  };
}

// The library pads a short file with zeros and then reads those, so sizes are checked before and after it.
async function checkHeader(path: string): Promise<number> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw fault(
      path,
      `cannot be opened (${cause instanceof Error ? cause.message : String(cause)})`,
      "check the path and its permissions",
    );
  });
  try {
    const fileBytes = (await file.stat()).size;
    const header = new DataView(new ArrayBuffer(HEADER_BYTES));
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < 4 || header.getUint32(0, false) !== 0x47475546) {
      throw fault(path, "is not a GGUF file", "name a .gguf file; a Git LFS pointer has to be fetched first");
    }
    if (bytesRead < HEADER_BYTES)
      throw fault(path, `is cut short at ${fileBytes} bytes, inside its header`, COPY_AGAIN);
    const version = header.getUint32(4, true);
    if (version !== 2 && version !== 3) {
      throw fault(
        path,
        `has GGUF version ${version} or is big-endian`,
        "convert the model to little-endian GGUF version 3",
      );
    }
    const entries = header.getBigUint64(8, true) + header.getBigUint64(16, true);
    if (entries * BigInt(SMALLEST_ENTRY_BYTES) > fileBytes) {
      throw fault(path, `declares ${entries} entries, more than its ${fileBytes} bytes can hold`, COPY_AGAIN);
    }
    return fileBytes;
  } finally {
    await file.close();
  }
}

async function parse(path: string): Promise<GGUFParseOutput> {
  try {
    return await gguf(path, { allowLocalFile: true });
  } catch (cause) {
    throw fault(path, `cannot be read as GGUF (${cause instanceof Error ? cause.message : String(cause)})`, COPY_AGAIN);
  }
}

interface Place {
  readonly path: string;
  readonly fileBytes: number;
  /** First byte of the weights. */
  readonly start: number;
}

function describeTensor(info: GGUFParseOutput["tensorInfos"][number], place: Place): GgufTensor {
  const { path, fileBytes } = place;
  if (place.start > fileBytes || info.name === "")
    throw fault(path, `is cut short at ${fileBytes} bytes, inside its tensor table`, COPY_AGAIN);
  const type = GGMLQuantizationType[info.dtype] ?? `format ${String(info.dtype)}`;
  if (!isFormat(type)) {
    throw fault(
      path,
      `holds ${info.name} as ${type}, which is not read`,
      `take a file in ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  const shape = info.shape.map(Number).reverse();
  const offset = place.start + Number(info.offset);
  let byteLength: number;
  try {
    // Blocks run along the columns: no block spans two rows.
    byteLength =
      byteLengthOf(type, shape.at(-1) ?? 1) * shape.slice(0, -1).reduce((product, size) => product * size, 1);
  } catch (cause) {
    throw fault(
      path,
      `declares ${info.name} wrongly: ${cause instanceof Error ? cause.message : String(cause)}`,
      COPY_AGAIN,
    );
  }
  if (offset + byteLength > fileBytes) {
    throw fault(
      path,
      `is cut short at ${fileBytes} bytes: ${info.name} ends at byte ${offset + byteLength}`,
      COPY_AGAIN,
    );
  }
  return { name: info.name, shape, type, offset, byteLength };
}

function fault(file: string, message: string, cure: string): ConfigError {
  return new ConfigError([{ file, message, cure }]);
}
