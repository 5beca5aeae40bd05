/** A trained direction at one or several taps, and the model that it was trained on. */
export interface Probe {
  /** Like `23.attn_out`, each once. */
  readonly taps: readonly string[];
  readonly directions: Float32Array; // [taps, hidden]
  readonly bias: number;
  readonly hidden: number;
  /** sha256 of the model file, 64 hex digits. */
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
  /** Whatever else is worth keeping, like the hash of the data; keys besides those of the format. */
  readonly about: Readonly<Record<string, string>>;
}

/** What a probe is read on. */
export interface ProbeTarget {
  readonly layers: number;
  readonly hidden: number;
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
}

/** Something wrong with a probe's file: at which field of it, and what to do. */
export class ProbeFileError extends Error {
  readonly field: string;
  readonly cure: string;

  constructor(field: string, message: string, cure: string) {
    super(`${field}: ${message}`);
    this.name = "ProbeFileError";
    this.field = field;
    this.cure = cure;
  }
}

const FORMAT = "lensgate-probe";
const VERSION = "1";
const OWN_KEYS = ["format", "version", "taps", "model_sha256", "precision"] as const;
const LENGTH_BYTES = 8;
/** A header is a few hundred bytes; safetensors itself allows 100 MB. */
const LARGEST_HEADER = 1024 * 1024;
const TAP = /^(0|[1-9]\d*)\.(attn_out|resid_mid|mlp_out|resid_post)$/;
const REMAKE = "train the probe again, or restore the file";
const RETRAIN = "train the probe for this model and precision: lensgate detectors train";

/** Writes a probe as a safetensors file. Throws `ProbeFileError` for one that could not be read back. */
export function encodeProbe(probe: Probe): Uint8Array {
  checkNumbers(probe.directions, probe.bias);
  const clash = OWN_KEYS.find((key) => Object.hasOwn(probe.about, key));
  if (clash !== undefined) throw new ProbeFileError(`__metadata__.${clash}`, "is a key of the format", "rename it");
  const metadata = {
    format: FORMAT,
    version: VERSION,
    taps: probe.taps.join(","),
    model_sha256: probe.modelSha256,
    precision: probe.precision,
    ...probe.about,
  };
  const bytes = probe.directions.length * 4;
  const header = JSON.stringify({
    __metadata__: metadata,
    directions: { dtype: "F32", shape: [probe.taps.length, probe.hidden], data_offsets: [0, bytes] },
    bias: { dtype: "F32", shape: [1], data_offsets: [bytes, bytes + 4] },
  });
  // Numbers begin at a multiple of 8, as safetensors wants it.
  const text = new TextEncoder().encode(header);
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(LENGTH_BYTES + padded + bytes + 4).fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  file.set(text, LENGTH_BYTES);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(padded), true);
  [...probe.directions, probe.bias].forEach((value, index) =>
    view.setFloat32(LENGTH_BYTES + padded + index * 4, value, true),
  );
  decodeProbe(file);
  return file;
}

/** Reads a probe from the bytes of a safetensors file, strictly; throws `ProbeFileError`. */
export function decodeProbe(file: Uint8Array): Probe {
  const { header, data } = splitFile(file);
  const metadata = readMetadata(header["__metadata__"]);
  for (const name of Object.keys(header)) {
    if (!["__metadata__", "directions", "bias"].includes(name)) throw fault(name, "is no part of a probe");
  }
  const taps = readTaps(metadata["taps"] ?? "");
  const directions = readTensor(header, "directions", data);
  const bias = readTensor(header, "bias", data);
  const [rows = 0, hidden = 0] = directions.shape;
  if (directions.shape.length !== 2 || rows !== taps.length || hidden < 1) {
    throw fault("directions", `has the shape [${directions.shape.join(", ")}], not [${taps.length}, hidden]`);
  }
  if (bias.shape.join() !== "1") throw fault("bias", `has the shape [${bias.shape.join(", ")}], not [1]`);
  if (directions.start !== 0 || bias.start !== directions.end || bias.end !== data.length) {
    throw fault("data_offsets", `directions and bias do not fill the ${data.length} bytes of numbers exactly`);
  }
  const [value = Number.NaN] = bias.values;
  checkNumbers(directions.values, value);
  const about = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !(OWN_KEYS as readonly string[]).includes(key)),
  );
  return {
    taps,
    directions: directions.values,
    bias: value,
    hidden,
    modelSha256: metadata["model_sha256"] ?? "",
    precision: metadata["precision"] === "exact" ? "exact" : "fast",
    about,
  };
}

/** Throws `ProbeFileError` for a probe that was trained for something else than what it is to be read on. */
export function checkProbe(probe: Probe, target: ProbeTarget): void {
  const pairs = [
    ["__metadata__.model_sha256", probe.modelSha256, target.modelSha256],
    ["__metadata__.precision", probe.precision, target.precision],
  ] as const;
  for (const [field, trained, loaded] of pairs) {
    if (trained !== loaded) throw new ProbeFileError(field, `trained for ${trained}, but ${loaded} is loaded`, RETRAIN);
  }
  if (probe.hidden !== target.hidden) {
    const message = `rows of ${probe.hidden} numbers, but those of the model have ${target.hidden}`;
    throw new ProbeFileError("directions", message, RETRAIN);
  }
  const outside = probe.taps.find((tap) => Number(tap.split(".")[0]) >= target.layers);
  if (outside === undefined) return;
  const message = `"${outside}" is no tap of a model with layers 0 to ${target.layers - 1}`;
  throw new ProbeFileError("__metadata__.taps", message, RETRAIN);
}

function fault(field: string, message: string): ProbeFileError {
  return new ProbeFileError(field, message, REMAKE);
}

type Header = Readonly<Record<string, unknown>>;

function splitFile(file: Uint8Array): { header: Header; data: Uint8Array } {
  if (file.length < LENGTH_BYTES) throw fault("header", `the file is cut short after ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER)) {
    throw fault("header", `is said to have ${length} bytes, more than a probe's can have: this is no safetensors file`);
  }
  const end = LENGTH_BYTES + Number(length);
  if (end > file.length) throw fault("header", `the file is cut short after ${file.length} bytes`);
  const header = parseJson(file.subarray(LENGTH_BYTES, end));
  if (!isMap(header)) throw fault("header", "is not JSON with a map");
  return { header, data: file.subarray(end) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Header {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readMetadata(given: unknown): Readonly<Record<string, string>> {
  if (!isMap(given) || Object.values(given).some((value) => typeof value !== "string")) {
    throw fault("__metadata__", "is missing, or has values that are no text");
  }
  const metadata = given as Readonly<Record<string, string>>;
  const { format, version, model_sha256: model = "", precision = "" } = metadata;
  if (format !== FORMAT) throw fault("__metadata__.format", `is ${format ?? "missing"}, not ${FORMAT}`);
  if (version !== VERSION) {
    const cure = "update lensgate, or train the probe with this version";
    throw new ProbeFileError("__metadata__.version", `is ${version ?? "missing"}; ${VERSION} can be read`, cure);
  }
  if (!/^[0-9a-f]{64}$/.test(model)) throw fault("__metadata__.model_sha256", "is not 64 lower-case hex digits");
  if (precision !== "fast" && precision !== "exact") {
    throw fault("__metadata__.precision", `is ${precision || "missing"}, not fast or exact`);
  }
  return metadata;
}

function readTaps(text: string): string[] {
  const taps = text.split(",");
  const stranger = taps.find((tap) => !TAP.test(tap));
  if (stranger !== undefined) throw fault("__metadata__.taps", `"${stranger}" is not a tap like 23.attn_out`);
  if (new Set(taps).size !== taps.length) throw fault("__metadata__.taps", "names a tap twice");
  return taps;
}

interface Tensor {
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly values: Float32Array; // shape
}

function readTensor(header: Header, name: "directions" | "bias", data: Uint8Array): Tensor {
  const entry = header[name];
  if (!isMap(entry)) throw fault(name, "is missing");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== "F32") throw fault(`${name}.dtype`, `is ${String(dtype)}, not F32`);
  if (!isCounts(shape)) throw fault(`${name}.shape`, "is not a list of whole numbers");
  if (!isCounts(offsets) || offsets.length !== 2)
    throw fault(`${name}.data_offsets`, "is not a beginning and an end in bytes");
  const [start = 0, end = 0] = offsets;
  const count = shape.reduce((product, size) => product * size, 1);
  if (end - start !== count * 4) throw fault(`${name}.data_offsets`, `span ${end - start} bytes, not ${count} × 4`);
  if (end > data.length)
    throw fault(name, `the file is cut short: ${data.length} of ${end} bytes of numbers are there`);
  const view = new DataView(data.buffer, data.byteOffset + start, count * 4);
  return {
    shape,
    start,
    end,
    values: Float32Array.from({ length: count }, (_, index) => view.getFloat32(index * 4, true)),
  };
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function checkNumbers(directions: Float32Array, bias: number): void {
  const broken = directions.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) throw fault("directions", `number ${broken} is ${directions[broken]}`);
  if (!Number.isFinite(bias)) throw fault("bias", `is ${bias}`);
}
