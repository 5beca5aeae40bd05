import { fileURLToPath } from "node:url";
import type { LiveBinding } from "../../src/detect/calibration.ts";
import type { ResolveContext } from "../../src/detect/kinds/kind.ts";
import { readGguf } from "../../src/model/gguf.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { readVocabulary } from "../../src/model/vocabulary.ts";

const MODEL_FILE = "../../models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

let opened: Promise<ResolveContext> | undefined;

/** What kinds may ask of the vendored model, from its own vocabulary; read once a test file. */
export function openVocabulary(): Promise<ResolveContext> {
  opened ??= readGguf(fileURLToPath(new URL(MODEL_FILE, import.meta.url))).then(({ metadata }) => {
    const { tokenOf, encode, textOf } = createTokenizer(readVocabulary(metadata));
    return {
      layers: 30,
      hidden: 576,
      modelSha256: TEST_BINDING.modelSha256,
      precision: TEST_BINDING.precision,
      lenses: ["logit"],
      tokenOf,
      encode,
      textOf,
      readBytes: (path) => {
        throw new Error(`there is no file ${path}`);
      },
    };
  });
  return opened;
}

/** A binding for tests that are not about calibration. */
export const TEST_BINDING: LiveBinding = {
  modelSha256: "a".repeat(64),
  precision: "fast",
  formatVersion: 1,
  chatTemplateSha256: "b".repeat(64),
  backgroundSha256: "c".repeat(64),
  lensSha256: { logit: null, centred: null, tuned: null },
};
