import { join } from "node:path";
import { writeFolder } from "./folder.ts";
import { createRandom, writeTinyModel } from "./tiny-model.ts";
import { makeTinyStatistics } from "./tiny-statistics.ts";

const BACKGROUND = JSON.stringify({ description: "made up", vocabulary: 160, tokens: [1, 2, 3], taps: {} });

/** Random letters: one token each for the tiny model. */
export function makeLetters(count: number, seed = "letters"): string {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => String.fromCharCode(97 + Math.floor(26 * random()))).join("");
}

/** A configuration of the tiny model with a cache of its own and, unless told otherwise, lens statistics. Files go beside it. */
export function writeLensConfig(
  files: Readonly<Record<string, string>> = {},
  { statistics = true }: { readonly statistics?: boolean } = {},
) {
  const lens = {
    "background.json": BACKGROUND,
    "sample.txt": makeLetters(200),
    ...(statistics ? makeTinyStatistics() : {}),
  };
  const { folder: model } = writeTinyModel({}, lens);
  const engine = { context_tokens: 512 };
  const text = { model, engine, default_policy: "none", policies: { none: {} }, cache_dir: "cache" };
  const folder = writeFolder({ "gateway.yaml": JSON.stringify(text), "detectors/.keep": "", ...files });
  return {
    config: join(folder, "gateway.yaml"),
    cache: join(folder, "cache"),
    at: (name: string) => join(folder, name),
  };
}
