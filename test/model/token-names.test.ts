import { expect, it } from "vitest";
import { createTokenNames } from "../../src/model/token-names.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";

it("shows a token's text with its leading space", async () => {
  const vocabulary = await vendoredVocabulary();
  expect(createTokenNames(vocabulary)(vocabulary.pieces.indexOf("ĠGermany"))).toBe(" Germany");
});

it("shows special tokens under their names", async () => {
  const vocabulary = await vendoredVocabulary();
  expect(createTokenNames(vocabulary)(2)).toBe("<|im_end|>");
});

it("shows a part of a character as U+FFFD", async () => {
  const vocabulary = await vendoredVocabulary();
  // The first byte of a four-byte character, as a token of its own.
  expect(createTokenNames(vocabulary)(vocabulary.pieces.indexOf("ð"))).toBe("\uFFFD");
});

it.each([-1, 49_152, 1.5])("refuses %s, which is no token", async (id) => {
  const names = createTokenNames(await vendoredVocabulary());
  expect(() => names(id)).toThrow(new RangeError(`token ${id} is outside the vocabulary of 49152`));
});
