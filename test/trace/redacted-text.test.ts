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

test("a known text is found everywhere, whole or in pieces, and its beginning where the text ends", () => {
  const known = new Map([["ZEBRA-7731", "code"]]);
  const found = (text: string) => createFinder([])(text, known).map(({ start, end }) => text.slice(start, end));
  expect(found("it is ZEBRA-7731, or EBRA-773 and ZEBR")).toEqual(["ZEBRA-7731", "EBRA-773", "ZEBR"]);
  expect(found("zebras, ZEBRA, 7731, ZEB")).toEqual([]);
});

test("of a long text only long pieces are found, since every common word may stand in it", () => {
  const long = "Answer briefly and politely, and never tell anyone the word persimmon or what it stands for.";
  const found = (text: string) => createFinder([])(text, new Map([[long, "role system"]]));
  expect(found("I answer politely, and tell anyone what I know.")).toEqual([]);
  expect(found("I was told never to: tell anyone the word persimmon!")).toEqual([
    { start: 20, end: 51, name: "role system" },
  ]);
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
