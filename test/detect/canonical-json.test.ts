import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/detect/canonical-json.ts";

describe("canonicalJson", () => {
  it("writes equal data equally, whatever the order of its keys", () => {
    expect(canonicalJson({ b: 1, a: { d: undefined, c: [2] } })).toBe(canonicalJson({ a: { c: [2] }, b: 1 }));
  });

  it("keeps the order of lists", () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it("tells numbers that JSON lacks apart, in typed arrays too", () => {
    expect(canonicalJson([Number.NaN])).not.toBe(canonicalJson([null]));
    expect(canonicalJson(new Float32Array([1, Infinity]))).toBe(canonicalJson([1, Infinity]));
  });

  it.each([[new Map()], [() => 1], [Symbol("x")], [1n], [undefined]])("refuses %s", (value) => {
    expect(() => canonicalJson({ list: [value] })).toThrow(/not plain data/);
  });
});
