import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { createMetadata } from "../../src/model/gguf-metadata.ts";

const metadata = createMetadata("model.gguf", {
  text: "llama",
  count: 30,
  big: 8192n,
  huge: 2n ** 60n,
  flag: false,
  words: ["a", "b"],
  mixed: ["a", 1],
  sizes: [1, 2n],
});

describe("metadata", () => {
  it("gives values under their type", () => {
    expect(metadata.string("text")).toBe("llama");
    expect(metadata.number("count")).toBe(30);
    expect(metadata.number("big")).toBe(8192);
    expect(metadata.boolean("flag")).toBe(false);
    expect(metadata.strings("words")).toEqual(["a", "b"]);
    expect(metadata.numbers("sizes")).toEqual([1, 2]);
    expect(metadata.has("count")).toBe(true);
  });

  it("names file and key when one is missing", () => {
    expect(() => metadata.number("llama.block_count")).toThrow(ConfigError);
    expect(() => metadata.number("llama.block_count")).toThrow(/model\.gguf llama\.block_count: .*no such key/);
  });

  it.each([
    ["a number where a string is asked for", () => metadata.string("count")],
    ["a string where a number is asked for", () => metadata.number("text")],
    ["an integer beyond 2^53", () => metadata.number("huge")],
    ["a number where true or false is asked for", () => metadata.boolean("count")],
    ["a list with something else in it", () => metadata.strings("mixed")],
    ["a single value where a list is asked for", () => metadata.numbers("count")],
  ])("refuses %s", (_, read) => {
    expect(read).toThrow(/the metadata's value is not/);
  });

  it("gives undefined for an optional key that is missing, and refuses one of another type", () => {
    expect(metadata.optionalNumber("none")).toBeUndefined();
    expect(metadata.optionalString("none")).toBeUndefined();
    expect(metadata.optionalBoolean("none")).toBeUndefined();
    expect(metadata.optionalString("text")).toBe("llama");
    expect(() => metadata.optionalBoolean("text")).toThrow(/not true or false/);
  });
});
