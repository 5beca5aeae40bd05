import { describe, expect, it } from "vitest";
import { parseInteger, parseNumber, parseRanges, parseShare } from "../../src/cli/option-values.ts";

describe("parseInteger", () => {
  const parse = parseInteger("--top", -2, 10);

  it.each([
    ["-2", -2],
    ["0", 0],
    ["10", 10],
  ])("reads %s, bounds included", (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each(["-3", "11", "1.5", "", " 1", "1e1", "0x5", "many", "--1"])(
    "refuses %j with the flag and its bounds",
    (text) => {
      expect(() => parse(text)).toThrow("--top takes a whole number from -2 to 10.");
    },
  );
});

describe("parseShare", () => {
  const parse = parseShare("--claim");

  it("reads a share", () => {
    expect([parse("0.001"), parse("1e-3"), parse(".5")]).toEqual([0.001, 0.001, 0.5]);
  });

  it.each(["0", "1", "-0.1", "", " ", "1 %", "NaN", "many"])("refuses %j with the flag", (text) => {
    expect(() => parse(text)).toThrow("--claim takes a share above 0 and below 1, like 0.001.");
  });
});

describe("parseNumber", () => {
  const parse = parseNumber("--score");

  it("reads a number of either sign", () => {
    expect([parse("-1.5"), parse("1e3"), parse(" 0 ")]).toEqual([-1.5, 1000, 0]);
  });

  it.each(["", " ", "NaN", "Infinity", "1,5", "many"])("refuses %j with the flag", (text) => {
    expect(() => parse(text)).toThrow("--score takes a number.");
  });
});

describe("parseRanges", () => {
  it("reads numbers and ranges in the order given, spaces aside", () => {
    expect(parseRanges("--layers", "0, 5 ,20-22,29", 29)).toEqual([0, 5, 20, 21, 22, 29]);
    expect(parseRanges("--layers", "7-7", 29)).toEqual([7]);
  });

  it.each([
    ["30", "30"],
    ["0,28-30", "28-30"],
    ["5-3", "5-3"],
    ["", ""],
    ["1,,2", ""],
    ["-1", "-1"],
    ["0-", "0-"],
    ["all", "all"],
  ])("refuses %j: names the flag, the part at fault and the bound", (text, part) => {
    expect(() => parseRanges("--layers", text, 29)).toThrow(
      `--layers: "${part}" is not a number or a range within 0 to 29`,
    );
  });
});
