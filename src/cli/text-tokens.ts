import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "../errors.ts";
import type { Tokenizer } from "../model/tokenizer.ts";

/** Tokens of a text file, and what tells the file from another. */
export interface TextTokens {
  readonly ids: readonly number[];
  /** sha256 of the whole file, 64 hex digits. */
  readonly sha256: string;
}

/** Which tokens of a text are taken: `count` after the first `skip`. */
export interface TextPart {
  readonly file: string;
  readonly skip: number;
  readonly count: number;
}

// No token is longer than this many characters on average; encoding more than is used would take seconds.
const CHARACTERS_A_TOKEN = 8;

/** Reads a text file and encodes a part of it; throws `ConfigError` when it cannot be read or is too short. */
export function readTextTokens(tokenizer: Pick<Tokenizer, "encode">, { file, skip, count }: TextPart): TextTokens {
  const fault = (message: string, cure: string) => new ConfigError([{ file, message, cure }]);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fault(`the text cannot be read: ${reason}`, "name a file of running text with --text");
  }
  const text = bytes.toString("utf8").slice(0, (skip + count) * CHARACTERS_A_TOKEN);
  const all = tokenizer.encode(text);
  const ids = all.slice(skip, skip + count);
  if (ids.length < 2) {
    throw fault(`the text has ${all.length} tokens, and ${skip} are passed over`, "give a longer text, or skip fewer");
  }
  return { ids, sha256: createHash("sha256").update(bytes).digest("hex") };
}
