import { describe, expect, it } from "vitest";
import { createMetadata } from "../../src/model/gguf-metadata.ts";
import { isAdded, isSpecialToken, isVisible, readVocabulary } from "../../src/model/vocabulary.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

const plain = {
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "gpt-2",
  "tokenizer.ggml.tokens": ["a", "b", "ab", "<|eot_id|>", "<tool>", "<|end|>"],
  "tokenizer.ggml.token_type": [1, 1, 1, 3, 4, 1],
  "tokenizer.ggml.merges": ["a b"],
  "tokenizer.ggml.eos_token_id": 1,
};

function read(changes: Readonly<Record<string, unknown>> = {}): ReturnType<typeof readVocabulary> {
  return readVocabulary(createMetadata("model.gguf", { ...plain, ...changes }));
}

describe("the vocabulary", () => {
  it("of the vendored model ends replies at <|im_end|> and <|endoftext|>, and adds no BOS", async () => {
    const vocabulary = await vendoredVocabulary();
    expect(vocabulary.pieces).toHaveLength(49152);
    expect(vocabulary).toMatchObject({ pre: "smollm", bosId: 1, eosIds: [2, 0], addBos: false });
    expect(vocabulary.chatTemplate).toContain("<|im_start|>");
  });

  it("is the same after a round trip through JSON", async () => {
    const vocabulary = await vendoredVocabulary();
    expect(JSON.parse(JSON.stringify(vocabulary))).toEqual(vocabulary);
  });

  it("takes the named end tokens and the known control tokens, each once, but no ordinary token of such a name", () => {
    expect(read({ "tokenizer.ggml.eot_token_id": 3 }).eosIds).toEqual([1, 3]);
  });

  it("has no template, BOS or end token that the file does not name", () => {
    expect(read()).toMatchObject({ chatTemplate: null, bosId: null, addBos: false });
  });

  it("adds BOS for llama-bpe unless the file says otherwise", () => {
    expect(read({ "tokenizer.ggml.pre": "llama-bpe" }).addBos).toBe(true);
    expect(read({ "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.add_bos_token": false }).addBos).toBe(false);
  });

  it("refuses another kind of tokenizer by name", () => {
    expect(() => read({ "tokenizer.ggml.model": "llama" })).toThrow(/tokenizer\.ggml\.model "llama" is not supported/);
  });

  it("refuses types that do not fit the tokens", () => {
    expect(() => read({ "tokenizer.ggml.token_type": [1] })).toThrow(/1 entries for 6 tokens/);
  });

  it("tells apart what is parsed whole, what shows, and what is special", () => {
    const vocabulary = read();
    expect([0, 3, 4].map((id) => isAdded(vocabulary, id))).toEqual([false, true, true]);
    expect([0, 3, 4].map((id) => isVisible(vocabulary, id))).toEqual([true, false, true]);
    expect([0, 3, 4, 99].map((id) => isSpecialToken(vocabulary, id))).toEqual([false, true, false, true]);
  });
});
