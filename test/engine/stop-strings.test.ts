import { describe, expect, it } from "vitest";
import { findStop, possibleStop } from "../../src/engine/stop-strings.ts";

describe("findStop", () => {
  it("finds where a stop string begins", () => {
    expect(findStop("one two three", ["two"], 0)).toBe(4);
  });

  it("finds nothing without stop strings and nothing before the place where it begins to look", () => {
    expect(findStop("one two", [], 0)).toBeUndefined();
    expect(findStop("two one", ["two"], 1)).toBeUndefined();
  });

  it("takes the stop string that is complete first, not the one that begins first", () => {
    expect(findStop("abcdef", ["abcdef", "cd"], 0)).toBe(2);
    expect(findStop("abcdef", ["cd", "abcdef"], 0)).toBe(2);
  });

  it("takes the one that begins first among those that end together", () => {
    expect(findStop("abcd", ["cd", "bcd", "d"], 0)).toBe(1);
  });
});

describe("possibleStop", () => {
  it("counts the characters that may begin a stop string", () => {
    expect(possibleStop("and then ST", ["STOP"])).toBe(2);
    expect(possibleStop("and then ", ["STOP"])).toBe(0);
  });

  it("takes the longest beginning of several stop strings", () => {
    expect(possibleStop("x<|", ["|end|", "<|im_end|>"])).toBe(2);
  });

  it("sees a beginning within a beginning", () => {
    expect(possibleStop("aab", ["aabaaac"])).toBe(3);
    expect(possibleStop("aabaab", ["aabaaac"])).toBe(3);
  });

  it("never counts a whole stop string, which is found elsewhere", () => {
    expect(possibleStop("ab", ["ab"])).toBe(0);
    expect(possibleStop("a", ["a"])).toBe(0);
  });
});
