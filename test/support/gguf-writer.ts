/** One tensor of a made-up GGUF; `shape` has the fastest dimension first, as the file does. */
export interface MadeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
}

/** A metadata value: whole numbers become 32-bit unsigned ones, others float32, lists of numbers 32-bit signed ones. */
export type MadeValue = string | number | boolean | readonly string[] | readonly number[];

/** What a made-up GGUF holds. */
export interface MadeGguf {
  readonly metadata?: Readonly<Record<string, MadeValue>>;
  readonly tensors?: readonly MadeTensor[];
  readonly version?: number;
}

/** Writes a little-endian GGUF file into memory. */
export function makeGguf({ metadata = {}, tensors = [], version = 3 }: MadeGguf): Uint8Array {
  const parts: Uint8Array[] = [
    Buffer.from("GGUF"),
    uint32(version),
    uint64(tensors.length),
    uint64(Object.keys(metadata).length),
  ];
  for (const [key, value] of Object.entries(metadata)) {
    parts.push(string(key), ...typedValue(value));
  }
  let offset = 0;
  for (const tensor of tensors) {
    parts.push(
      string(tensor.name),
      uint32(tensor.shape.length),
      ...tensor.shape.map(uint64),
      uint32(tensor.type),
      uint64(offset),
    );
    offset += pad(tensor.data.length);
  }
  const head = Buffer.concat(parts);
  const weights = tensors.map((tensor) => Buffer.concat([tensor.data], pad(tensor.data.length)));
  return Buffer.concat([Buffer.concat([head], tensors.length === 0 ? head.length : pad(head.length)), ...weights]);
}

function typedValue(value: MadeValue): Uint8Array[] {
  if (typeof value === "string") return [uint32(8), string(value)];
  if (typeof value === "boolean") return [uint32(7), Uint8Array.of(value ? 1 : 0)];
  if (typeof value === "number")
    return Number.isInteger(value) ? [uint32(4), uint32(value)] : [uint32(6), float32(value)];
  const numbers = value.filter((item) => typeof item === "number");
  if (numbers.length > 0) return [uint32(9), uint32(5), uint64(value.length), ...numbers.map(uint32)];
  return [uint32(9), uint32(8), uint64(value.length), ...value.map(String).map(string)];
}

function pad(length: number): number {
  return Math.ceil(length / 32) * 32;
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function float32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function string(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
