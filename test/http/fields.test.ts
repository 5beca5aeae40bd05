import { expect, test } from "vitest";
import { z } from "zod";
import { checkFields, formatPath, isObject, takeBuiltFields } from "../../src/http/fields.ts";

const rules = { prefix: "", built: ["a", "max_tokens"], unbuilt: { n: (value: unknown) => value === 1 } };

test("built fields are taken and nulls mean the default", () => {
  expect(takeBuiltFields({ a: 1, max_tokens: null, n: 1 }, rules)).toEqual({ a: 1 });
  expect(takeBuiltFields({ n: null }, rules)).toEqual({});
});

test("an unbuilt field with an effect is refused by name", () => {
  expect(() => takeBuiltFields({ n: 2 }, { ...rules, prefix: "x." })).toThrow(
    expect.objectContaining({ code: "unsupported_parameter", param: "x.n" }),
  );
});

test("an unknown field is refused by name, with what was probably meant, even when null", () => {
  expect(() => takeBuiltFields({ max_token: 5 }, rules)).toThrow(/did you mean 'max_tokens'/);
  expect(() => takeBuiltFields({ zzz: null }, rules)).toThrow(
    expect.objectContaining({ code: "unsupported_parameter", param: "zzz" }),
  );
});

test("a long unknown name is cut", () => {
  const name = "x".repeat(10_000);
  expect(() => takeBuiltFields({ [name]: 1 }, rules)).toThrow(expect.objectContaining({ param: "x".repeat(100) }));
});

test("a schema's first problem is told with its place", () => {
  const schema = z.strictObject({ list: z.array(z.number()) });
  expect(() => checkFields(schema, { list: [1, "2"] }, "top.")).toThrow(
    expect.objectContaining({ code: "invalid_request", param: "top.list[1]" }),
  );
  expect(checkFields(schema, { list: [] })).toEqual({ list: [] });
});

test("paths read like code", () => {
  expect(formatPath(["messages", 0, "content", 1, "text"])).toBe("messages[0].content[1].text");
});

test("arrays and null are no objects", () => {
  expect([{}, [], null, "x"].map(isObject)).toEqual([true, false, false, false]);
});
