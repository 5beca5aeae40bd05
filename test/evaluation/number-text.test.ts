import { expect, test } from "vitest";
import {
  boundsText,
  countText,
  decimalText,
  intervalText,
  scoreText,
  shareText,
} from "../../src/evaluation/number-text.ts";

test("numbers have a fixed number of digits, so that columns stand one above the other", () => {
  expect([0, 0.5, 0.95349, 1].map((value) => decimalText(value))).toEqual(["0.000", "0.500", "0.953", "1.000"]);
  expect(shareText(0.6214)).toBe("62.1 %");
  expect(shareText(0.00034, 2)).toBe("0.03 %");
  expect(countText(2_995)).toBe("2,995");
  expect([5.61349, -0.000_123_46, 12_345.6, 0].map(scoreText)).toEqual(["5.613", "-0.0001235", "12350", "0"]);
});

test.each([NaN, Infinity, -Infinity])("%s is not defined, in whatever unit", (value) => {
  for (const format of [decimalText, shareText, countText, scoreText]) expect(format(value)).toBe("not defined");
});

test("an interval says its bounds, and leaves them away where one does not exist", () => {
  const known = { value: 0.5, low: 0.4, high: 0.6 };
  expect(intervalText(known, decimalText)).toBe("0.500 (0.400 to 0.600)");
  expect(boundsText(known, shareText)).toBe("40.0 to 60.0 %");
  expect(intervalText({ ...known, low: NaN }, decimalText)).toBe("0.500");
  expect(intervalText({ value: NaN, low: NaN, high: NaN }, decimalText)).toBe("not defined");
});
