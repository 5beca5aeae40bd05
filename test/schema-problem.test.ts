import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkSchema, withCure } from "../src/schema-problem.ts";

function problemsOf(schema: z.ZodType, value: unknown): string[] {
  const result = checkSchema(schema, value);
  return result.ok ? [] : result.problems.map(({ path, message, cure }) => `${path.join(".")}: ${message} → ${cure}`);
}

const schema = z.strictObject({
  name: z.string(),
  mode: z.enum(["enforce", "monitor"]),
  size: z.int().min(1).max(9),
  words: z.array(z.union([z.string(), z.strictObject({ word: z.string(), as: z.string().optional() })])).min(1),
  shape: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("max") }),
    z.strictObject({ type: z.literal("ema"), alpha: z.number().gt(0) }),
  ]),
});
const good = { name: "a", mode: "enforce", size: 2, words: ["x", { word: "y" }], shape: { type: "max" } };

describe("checkSchema", () => {
  it("returns the value that passed", () => {
    expect(checkSchema(schema, good)).toEqual({ ok: true, value: good });
  });

  it.each([
    ["a misspelt key", { ...good, mdoe: 1 }, ['mdoe: unknown key "mdoe" → did you mean "mode"?']],
    [
      "a misspelt key inside a union",
      { ...good, words: [{ word: "y", sa: "z" }] },
      ['words.0.sa: unknown key "sa" → did you mean "as"?'],
    ],
    [
      "a misspelt key of a variant",
      { ...good, shape: { type: "ema", alpha: 1, alhpa: 2 } },
      ['shape.alhpa: unknown key "alhpa" → did you mean "alpha"?'],
    ],
    ["a missing key", { ...good, name: undefined }, ["name: is missing → write text here"]],
    ["a wrong type", { ...good, name: [] }, ["name: must be text, not a list → write text"]],
    ["an empty value", { ...good, words: null }, ["words: must be a list, not empty → write a list"]],
    [
      "a wrong choice",
      { ...good, mode: "enforced" },
      ['mode: "enforced" is not one of enforce, monitor → did you mean "enforce"?'],
    ],
    [
      "a choice of the wrong type",
      { ...good, mode: 3 },
      ["mode: must be one of enforce, monitor, not 3 → write one of enforce, monitor"],
    ],
    ["a fraction", { ...good, size: 1.5 }, ["size: must be a whole number, not 1.5 → write a whole number"]],
    ["a number that is too small", { ...good, size: 0 }, ["size: must be at least 1 → make it at least 1"]],
    [
      "a bound that is excluded",
      { ...good, shape: { type: "ema", alpha: 0 } },
      ["shape.alpha: must be more than 0 → make it more than 0"],
    ],
    [
      "an empty list",
      { ...good, words: [] },
      ["words: must be at least 1 entries long → make it at least 1 entries long"],
    ],
    ["no branch of a union", { ...good, words: [3] }, ["words.0: must be text or a map, not 3 → write text or a map"]],
    [
      "an unknown variant",
      { ...good, shape: { type: "emma" } },
      ["shape.type: must be one of max, ema → write one of max, ema"],
    ],
  ])("explains %s", (_, value, expected) => {
    expect(problemsOf(schema, value)).toEqual(expected);
  });

  it("keeps every problem, not just the first", () => {
    expect(problemsOf(schema, { ...good, size: 0, mdoe: 1, naem: 2 })).toHaveLength(3);
  });

  it("takes message and cure from the schema where it has its own", () => {
    expect(problemsOf(z.string().regex(/^a/, withCure("is no a", "write an a")), "b")).toEqual([
      ": is no a → write an a",
    ]);
    expect(problemsOf(z.record(z.string().regex(/^a/, withCure("is no a", "write an a")), z.int()), { b: 1 })).toEqual([
      "b: is no a → write an a",
    ]);
  });
});
