import { describe, expect, it } from "vitest";
import { findPreTokenizer } from "../../src/model/pre-tokenizer.ts";

function cut(name: string, text: string): string[] {
  return findPreTokenizer(name).patterns.reduce(
    (pieces, pattern) =>
      pieces.flatMap((piece) => piece.split(new RegExp(`(${pattern})`, "u")).filter((part) => part !== "")),
    [text],
  );
}

describe("cutting text before merging", () => {
  it("isolates every digit for smollm, Unicode's other numbers too", () => {
    expect(cut("smollm", "in 42²")).toEqual(["in", " ", "4", "2", "²"]);
  });

  it("keeps a number with its blank for gpt-2, in threes for llama-bpe", () => {
    expect(cut("gpt-2", "in 4200")).toEqual(["in", " 4200"]);
    expect(cut("llama-bpe", "in 4200")).toEqual(["in", " ", "420", "0"]);
    expect(cut("qwen2", "in 42")).toEqual(["in", " ", "4", "2"]);
  });

  it("leaves the last blank to the next word", () => {
    expect(cut("gpt-2", "a   b")).toEqual(["a", "  ", " b"]);
  });

  it("takes U+0085 for a blank and U+FEFF for none", () => {
    expect(cut("gpt-2", "a\u0085\ufeffb")).toEqual(["a", "\u0085", "\ufeff", "b"]);
  });

  it("refuses a rule that it does not know, and lists those it knows", () => {
    expect(() => findPreTokenizer("default")).toThrow(/"default" is not supported.*gpt-2, smollm, llama-bpe, qwen2/);
    expect(() => findPreTokenizer("constructor")).toThrow(/is not supported/);
  });
});
