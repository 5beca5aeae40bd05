import { beforeAll, describe, expect, it } from "vitest";
import { matchWords, type WordOptions } from "../../../src/detect/kinds/concept-words.ts";
import type { ResolveContext } from "../../../src/detect/kinds/kind.ts";
import { openVocabulary } from "../../support/vocabulary.ts";

let context: ResolveContext;
beforeAll(async () => {
  context = await openVocabulary();
});

const match = (words: WordOptions["words"], options: Partial<WordOptions> = {}) =>
  matchWords({ words, match: "whole", first_letter: "both", ...options }, context);
const textsOf = (tokens: readonly number[]) => tokens.map((token) => context.textOf(token));

describe("matchWords on the vendored vocabulary", () => {
  it("finds a word with and without leading space and in both cases of its first letter", () => {
    expect(textsOf(match(["american"]).tokens)).toEqual([" american", "american", " American", "American"]);
    expect(textsOf(match(["American"], { first_letter: "as_written" }).tokens)).toEqual([" American", "American"]);
  });

  it("merges the tokens of all words that are reported under one name", () => {
    const { tokens, names, nameOfToken } = match(["Japan", { word: "Japanese", as: "Japan" }, "Peru"]);
    expect(textsOf(tokens)).toEqual([" Japan", "Japan", " Japanese", "Japanese", " Peru"]);
    expect(names).toEqual(["Japan", "Peru"]);
    expect(nameOfToken).toEqual([0, 0, 0, 0, 1]);
  });

  it("lists words without a token of their own under whole", () => {
    const { tokens, notes } = match(["Japan", "New Zealand", "Kiribati"]);
    expect(textsOf(tokens)).toEqual([" Japan", "Japan"]);
    expect(notes).toEqual(["no single token for: New Zealand, Kiribati"]);
  });

  it("reads longer words by their first piece under first_piece, and words with a token by that alone", () => {
    const { tokens, notes } = match(["Japan", "Kiribati"], { match: "first_piece", first_letter: "as_written" });
    expect(textsOf(tokens)).toEqual([" Japan", "Japan", " Kir"]);
    expect(notes).toEqual(['read by the first piece: Kiribati (" Kir")']);
  });

  it("never reads a first piece of one letter or white space, and lists such words", () => {
    const { tokens, notes } = match(["zzyzx", "漢"], { match: "first_piece", first_letter: "as_written" });
    expect(textsOf(tokens).every((text) => text.trim().length > 1)).toBe(true);
    expect(notes.join()).toContain("no usable first piece for");
  });

  it("counts a token that two names claim for the first and says so", () => {
    const { tokens, names, notes } = match([
      { word: "Congo", as: "Kinshasa" },
      { word: "Congo", as: "Brazzaville" },
    ]);
    expect(textsOf(tokens)).toEqual([" Congo"]);
    expect(names).toEqual(["Kinshasa"]);
    expect(notes).toEqual(['claimed by two names, counted for the first: " Congo" (Kinshasa, not Brazzaville)']);
  });

  it("never resolves to a special token", () => {
    expect(match(["<|im_end|>"]).tokens).toEqual([]);
  });
});
