import { expect, test } from "vitest";
import { backtracks } from "../src/backtracking.ts";

test("a repetition inside a repetition is found, on a letter of its own, too", () => {
  expect(backtracks({ source: "(a+)+$", flags: "" })).toBe(true);
  expect(backtracks({ source: "(q|q)+$", flags: "" })).toBe(true);
});

test("ordinary expressions are not", () => {
  expect(backtracks({ source: String.raw`[\w.+-]+@[\w-]+\.[\w.]+`, flags: "i" })).toBe(false);
  expect(backtracks({ source: String.raw`\b(?:\d[ -]?){13,19}\b`, flags: "" })).toBe(false);
});
