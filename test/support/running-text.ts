import { readFileSync } from "node:fs";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";

/** The first `count` tokens (of about 600) of a page of running text. */
export function readRunningText(model: PreparedModel, count = Infinity): number[] {
  const text = readFileSync(new URL("../fixtures/running-text.txt", import.meta.url), "utf8");
  return createTokenizer(model.manifest.vocabulary).encode(text).slice(0, count);
}
