import { expect, test } from "vitest";
import { z } from "zod";
import {
  requireObject,
  SAMPLING_FIELDS,
  samplingSchemas,
  toSharedRequest,
  UNBUILT_FIELDS,
} from "../../src/http/generation-request.ts";

const limits = { bodyBytes: 1024, depth: 8, maxTokens: 64, maxMessages: 4, maxStop: 2, stopLength: 4 };
const schema = z.strictObject(samplingSchemas(limits));

test("defaults are those of the OpenAI API", () => {
  expect(toSharedRequest(schema.parse({ model: "m" }))).toEqual({
    model: "m",
    sampling: { temperature: 1, topP: 1, topK: 0 },
    stop: [],
    stream: false,
    includeUsage: false,
  });
});

test("every field finds its place", () => {
  const fields = schema.parse({
    model: "m",
    max_tokens: 3,
    temperature: 0,
    top_p: 0.5,
    top_k: 7,
    seed: -4,
    stop: "end",
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(toSharedRequest(fields)).toEqual({
    model: "m",
    maxTokens: 3,
    sampling: { temperature: 0, topP: 0.5, topK: 7, seed: -4 },
    stop: ["end"],
    stream: true,
    includeUsage: true,
  });
});

test("there is a schema for every field that is built", () => {
  expect(Object.keys(samplingSchemas(limits)).sort()).toEqual([...SAMPLING_FIELDS].sort());
});

test("no field is both built and not", () => {
  expect(Object.keys(UNBUILT_FIELDS).filter((name) => (SAMPLING_FIELDS as readonly string[]).includes(name))).toEqual(
    [],
  );
});

test("a body is an object", () => {
  expect(requireObject({ a: 1 })).toEqual({ a: 1 });
  for (const body of [undefined, null, [], "x", 3]) expect(() => requireObject(body)).toThrow(/JSON object/);
});
