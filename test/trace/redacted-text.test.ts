import { expect, test } from "vitest";
import { createFinder, markOf, maskText, maskTokens, REDACTED_ID } from "../../src/trace/redacted-text.ts";

const EMAIL = { name: "email", source: String.raw`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`, flags: "" };
const CARD = { name: "card", source: String.raw`\b(?:\d[ -]?){12,18}\d\b`, flags: "" };
const find = createFinder([EMAIL, CARD]);
const mask = (text: string) => maskText(text, find(text));

test("what matches stands as the name of its pattern, and the rest as it was", () => {
  expect(mask("Write to ada@example.org, then to bo@example.org.")).toBe(
    "Write to [redacted: email], then to [redacted: email].",
  );
  expect(mask("Nothing here.")).toBe("Nothing here.");
  expect(mask("")).toBe("");
});

test("matches that overlap are one, under the name of the first", () => {
  const both = createFinder([
    { name: "a", source: "one two", flags: "" },
    { name: "b", source: "two three", flags: "" },
  ]);
  expect(both("one two three")).toEqual([{ start: 0, end: 13, name: "a" }]);
});

test("in a long text a match is found wherever it stands, also across windows", () => {
  for (const at of [0, 760, 1_010, 1_020, 1_024, 1_790, 19_980]) {
    const text = `${"x ".repeat(10_000).slice(0, at)} ada@example.org ${"y ".repeat(10_000).slice(at)}`;
    expect(find(text)).toEqual([{ start: at + 1, end: at + 16, name: "email" }]);
  }
});

test("a long text that suits an expression badly does not hold the gateway up", () => {
  const startedAt = performance.now();
  expect(find("a".repeat(50_000))).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test("a known text is found everywhere, and its beginning where the text ends", () => {
  const known = new Map([["ZEBRA-7731", "code"]]);
  expect(
    createFinder([])("it is ZEBRA-7731, ZEBRA-7731 and ZEBR", known).map(({ start, end }) => [start, end]),
  ).toEqual([
    [6, 16],
    [18, 28],
    [33, 37],
  ]);
  expect(createFinder([])("it is ZEB", known)).toEqual([]);
});

test("every token with a part in a match is taken out, with its id, and the first carries the mark", () => {
  const tokens = ["Mail", " ada", "@exam", "ple.", "org", " now"].map((text, id) => ({ id, text }));
  expect(maskTokens(tokens, find)).toEqual([
    { id: 0, text: "Mail" },
    { id: REDACTED_ID, text: markOf("email") },
    { id: REDACTED_ID, text: "" },
    { id: REDACTED_ID, text: "" },
    { id: REDACTED_ID, text: "" },
    { id: 5, text: " now" },
  ]);
});

test("a token without text, half of a character, stays", () => {
  const tokens = [
    { id: 1, text: "" },
    { id: 2, text: "é" },
  ];
  expect(maskTokens(tokens, find)).toEqual(tokens);
});
