import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import type { AffineMap } from "../model/graph.ts";
import { TAP_NAME } from "./tap.ts";

const DESCRIPTION_FILE = "tuned.json";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

const schema = z.strictObject({
  format: z.literal("lensgate-tuned-lens"),
  version: z.literal(1),
  model_sha256: hash,
  precision: z.enum(["fast", "exact"]),
  format_version: z.int().nonnegative(),
  hidden: z.int().positive(),
  /** What it was fitted on. */
  text_sha256: hash,
  tokens: z.int().positive(),
  /** In the order of the file: of each a matrix `[hidden, hidden]`, then a bias `[hidden]`, float32. */
  taps: z.array(z.string().regex(TAP_NAME)).min(1),
  /** The file with the numbers, named after its sha256. */
  file: z.string().regex(/^tuned-[0-9a-f]{16}\.bin$/),
  sha256: hash,
});

type Description = z.output<typeof schema>;

/** A model as a fitted lens is bound to it. */
export interface TunedModel {
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
  readonly formatVersion: number;
  readonly hidden: number;
}

/** What a lens was fitted on. */
export interface TunedText {
  readonly textSha256: string;
  readonly tokens: number;
}

/** A fitted lens in the cache; its numbers are still on disk. */
export interface TunedLens {
  readonly folder: string;
  readonly taps: readonly string[];
  readonly text: TunedText;
  /** sha256 of the numbers, 64 hex digits: a threshold on this lens is bound to it. */
  readonly sha256: string;
  readonly file: string;
  readonly hidden: number;
}

/** Where the fitted lens of a model lies. */
export function tunedFolder(cache: string, { modelSha256, precision }: TunedModel): string {
  return join(cache, "lenses", `${modelSha256.slice(0, 16)}-${precision}`);
}

/** What was fitted for a model, null when nothing was. Throws `ConfigError` for a description that is damaged or of another model. */
export function readTuned(folder: string, model: TunedModel): TunedLens | null {
  const path = join(folder, DESCRIPTION_FILE);
  if (!existsSync(path)) return null;
  const parsed = schema.safeParse(readJson(path));
  if (!parsed.success) throw fault(folder, path, z.prettifyError(parsed.error));
  const { data } = parsed;
  const pairs = [
    ["model", data.model_sha256, model.modelSha256],
    ["precision", data.precision, model.precision],
    ["format version", data.format_version, model.formatVersion],
    ["hidden size", data.hidden, model.hidden],
  ] as const;
  const other = pairs.find(([, written, loaded]) => written !== loaded);
  if (other) throw fault(folder, path, `fitted for the ${other[0]} ${other[1]}, but ${other[2]} is loaded`);
  const { taps, sha256, hidden } = data;
  const text = { textSha256: data.text_sha256, tokens: data.tokens };
  return { folder, taps, text, sha256, hidden, file: join(folder, data.file) };
}

/** The fitted maps of some taps, those that were not fitted left out. Throws `ConfigError` for a file with another hash or size. */
export function readTunedMaps(tuned: TunedLens, taps: readonly string[]): Map<string, AffineMap> {
  const { hidden, file, folder } = tuned;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    throw fault(folder, file, "the file is missing");
  }
  const actual = hashOf(bytes);
  if (actual !== tuned.sha256)
    throw fault(folder, file, `sha256 is ${actual}, but ${DESCRIPTION_FILE} says ${tuned.sha256}`);
  const size = hidden * hidden + hidden;
  if (bytes.length !== tuned.taps.length * size * 4) throw fault(folder, file, `it holds ${bytes.length} bytes`);
  const all = new Float32Array(new Uint8Array(bytes).buffer); // [taps, hidden² + hidden]
  const mapOf = (index: number): AffineMap => ({
    matrix: all.slice(index * size, index * size + hidden * hidden),
    bias: all.slice(index * size + hidden * hidden, (index + 1) * size),
  });
  return new Map(tuned.taps.flatMap((tap, index) => (taps.includes(tap) ? [[tap, mapOf(index)] as const] : [])));
}

/** Replaces the fitted lens of a model. A process that dies meanwhile leaves the earlier one as it was. */
export function writeTuned(
  folder: string,
  model: TunedModel,
  fitted: { readonly text: TunedText; readonly maps: ReadonlyMap<string, AffineMap> },
): void {
  const bytes = Buffer.concat(
    [...fitted.maps.values()].flatMap(({ matrix, bias }) => [bytesOf(matrix), bytesOf(bias)]),
  );
  const sha256 = hashOf(bytes);
  const file = `tuned-${sha256.slice(0, 16)}.bin`;
  const description: Description = {
    format: "lensgate-tuned-lens",
    version: 1,
    model_sha256: model.modelSha256,
    precision: model.precision,
    format_version: model.formatVersion,
    hidden: model.hidden,
    text_sha256: fitted.text.textSha256,
    tokens: fitted.text.tokens,
    taps: [...fitted.maps.keys()],
    file,
    sha256,
  };
  mkdirSync(folder, { recursive: true });
  writeAtomically(join(folder, file), bytes);
  writeAtomically(join(folder, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
  for (const name of readdirSync(folder)) {
    if (/^tuned-[0-9a-f]{16}\.bin$/.test(name) && name !== file) rmSync(join(folder, name), { force: true });
  }
}

function writeAtomically(path: string, content: string | Uint8Array): void {
  const building = `${path}.${process.pid}.part`;
  writeFileSync(building, content, { flush: true });
  renameSync(building, path);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

// What is no JSON at all fails the schema like any other value.
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function fault(folder: string, file: string, message: string): ConfigError {
  return new ConfigError([{ file, message, cure: `remove ${folder} and fit again with lensgate lens fit` }]);
}
