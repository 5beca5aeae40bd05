import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { TAP_NAME } from "./tap.ts";

const schema = z.strictObject({
  description: z.string(),
  vocabulary: z.int().positive(),
  tokens: z.array(z.int().nonnegative()).min(1),
  taps: z.record(z.string().regex(TAP_NAME), z.array(z.int().nonnegative()).min(1)),
});

/** The fixed samples of the vocabulary that concepts are compared with. */
export interface Background {
  /** Vocabulary ids of the common sample, without repeats. `[background]` */
  readonly tokens: Int32Array;
  /** Samples of taps that the common one does not fit, by name like `23.attn_out`. */
  readonly taps: ReadonlyMap<string, Int32Array>;
  /** sha256 of the file, 64 hex digits: part of every calibration's binding. */
  readonly sha256: string;
}

/** Where a background lies, its sha256 as `model.yaml` has it, and the vocabulary size of the model it must fit. */
export interface BackgroundSource {
  readonly path: string;
  readonly sha256: string;
  readonly vocabulary: number;
}

/** Reads a background file; throws `ConfigError` when it is of another model or was changed. */
export function readBackground({ path, sha256, vocabulary }: BackgroundSource): Background {
  const fault = (message: string, cure: string) => new ConfigError([{ file: path, message, cure }]);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    throw fault("the background sample is missing", "restore the model's lens files from the repository");
  }
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== sha256) {
    throw fault(
      `sha256 is ${actual}, but model.yaml says ${sha256}`,
      "restore the file, or correct model.yaml if you trust this one",
    );
  }
  const parsed = schema.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) throw fault(z.prettifyError(parsed.error), "write it anew with scripts/choose-background.ts");
  const { data } = parsed;
  const lists = [data.tokens, ...Object.values(data.taps)];
  const whole = lists.every((list) => new Set(list).size === list.length && list.every((id) => id < vocabulary));
  if (data.vocabulary !== vocabulary || !whole) {
    throw fault(
      `the sample is of a vocabulary of ${data.vocabulary} tokens, the model has ${vocabulary}`,
      "take the sample of this model",
    );
  }
  const taps = new Map(Object.entries(data.taps).map(([tap, ids]) => [tap, Int32Array.from(ids)]));
  return { tokens: Int32Array.from(data.tokens), taps, sha256: actual };
}

// What is no JSON at all fails the schema like any other value.
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
