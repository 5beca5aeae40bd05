import { fileURLToPath } from "node:url";
import { readGguf } from "../../src/model/gguf.ts";
import { readVocabulary, type Vocabulary } from "../../src/model/vocabulary.ts";

/** The model file that the repository carries. */
export const VENDORED_GGUF = fileURLToPath(
  new URL("../../models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf", import.meta.url),
);

let vocabulary: Promise<Vocabulary> | undefined;

/** Its vocabulary, read once a test file. */
export function vendoredVocabulary(): Promise<Vocabulary> {
  vocabulary ??= readGguf(VENDORED_GGUF).then((file) => readVocabulary(file.metadata));
  return vocabulary;
}
