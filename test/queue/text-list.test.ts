import { expect, test } from "vitest";
import { packTexts, unpackTexts } from "../../src/queue/text-list.ts";
import { AWKWARD_TEXT } from "../conformance/samples.ts";

test("a list comes back as it was, and its packed form has neither NUL nor a surrogate that needs decoding", () => {
  const texts = ["", 'a "quoted" name', AWKWARD_TEXT, "\ud800"];
  const packed = packTexts(texts);
  expect(unpackTexts(packed)).toEqual(texts);
  expect(unpackTexts(packTexts([]))).toEqual([]);
  expect(packed).not.toContain("\u0000");
  expect(packed).not.toMatch(/(?<!\\)\\u/);
});

test("an element is found as its own JSON text", () => {
  expect(JSON.parse(packTexts([AWKWARD_TEXT]))).toEqual([JSON.stringify(AWKWARD_TEXT)]);
});
