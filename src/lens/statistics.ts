import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { everyTap, formatTap } from "./tap.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

const schema = z.strictObject({
  description: z.string().min(1),
  /** Name and sha256 of the text that was read. It need not ship. */
  text: z.string().min(1),
  text_sha256: hash,
  tokens: z.int().positive(),
  precision: z.enum(["fast", "exact"]),
  model_sha256: hash,
  /** `[2, taps, hidden]`: mean rows, then mean rows divided by their root mean square. */
  shape: z.tuple([z.literal(2), z.int().positive(), z.int().positive()]),
  sha256: hash,
});

/** What `statistics.json` says of `statistics.bin`. */
export type StatisticsDescription = z.output<typeof schema>;

/** Averages of a model's activations over ordinary text, at every tap. */
export interface LensStatistics {
  /** Mean rows by tap, like `23.attn_out`. Each `[hidden]`. */
  readonly means: ReadonlyMap<string, Float32Array>;
  /** Mean of row / rms(row) by tap: what a lens says on average. Each `[hidden]`. */
  readonly normedMeans: ReadonlyMap<string, Float32Array>;
  readonly description: StatisticsDescription;
  /** sha256 of `statistics.bin`, 64 hex digits. */
  readonly sha256: string;
}

/** A file with its sha256 as `model.yaml` has it. */
interface LensFile {
  readonly path: string;
  readonly sha256: string;
}

/** Both files, and what they must fit. */
export interface StatisticsSource {
  readonly description: LensFile;
  readonly values: LensFile;
  readonly modelSha256: string;
  readonly layers: number;
  readonly hidden: number;
}

/** Reads the statistics of a model. Throws `ConfigError` for a file that is missing, changed, of another model or of another shape. */
export function readStatistics({ description: file, values, ...model }: StatisticsSource): LensStatistics {
  const description = parseDescription(file.path, readLensFile(file));
  const refuse = (message: string): never => {
    throw fault(file.path, message, "make them anew with scripts/lens-statistics.ts");
  };
  const taps = everyTap(model.layers).map(formatTap);
  const [kinds, count, hidden] = description.shape;
  if (description.model_sha256 !== model.modelSha256) {
    refuse(`the statistics are of the model ${description.model_sha256}, but ${model.modelSha256} is loaded`);
  }
  if (count !== taps.length || hidden !== model.hidden) {
    refuse(`the statistics are of ${count} taps × ${hidden}, the model has ${taps.length} × ${model.hidden}`);
  }
  if (description.sha256 !== values.sha256) {
    refuse(`it describes a statistics.bin of sha256 ${description.sha256}, but model.yaml says ${values.sha256}`);
  }
  const bytes = readLensFile(values);
  if (bytes.length !== kinds * count * hidden * 4) refuse(`statistics.bin holds ${bytes.length} bytes`);
  const all = new Float32Array(new Uint8Array(bytes).buffer); // [2, taps, hidden]
  if (!all.every(Number.isFinite)) refuse("statistics.bin holds numbers that are not finite");
  const part = (first: number) =>
    new Map(taps.map((tap, index) => [tap, all.slice((first + index) * hidden, (first + index + 1) * hidden)]));
  return { means: part(0), normedMeans: part(count), description, sha256: values.sha256 };
}

function readLensFile({ path, sha256 }: LensFile): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    throw fault(path, "the file is missing", "restore the model's lens files from the repository");
  }
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual === sha256) return bytes;
  const cure = "restore the file, or correct model.yaml if you trust this one";
  throw fault(path, `sha256 is ${actual}, but model.yaml says ${sha256}`, cure);
}

function parseDescription(path: string, bytes: Buffer): StatisticsDescription {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    // What is no JSON at all fails the schema like any other value.
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fault(path, z.prettifyError(parsed.error), "make it anew with scripts/lens-statistics.ts");
  return parsed.data;
}

function fault(file: string, message: string, cure: string): ConfigError {
  return new ConfigError([{ file, message, cure }]);
}
