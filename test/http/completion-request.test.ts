import { expect, test } from "vitest";
import { parseCompletionRequest } from "../../src/http/completion-request.ts";

const limits = { bodyBytes: 1024, depth: 8, maxTokens: 64, maxMessages: 8, maxStop: 2, stopLength: 4 };
const parse = (fields: object) => parseCompletionRequest({ model: "m", ...fields }, limits);

test("a prompt is text, or a list of one text", () => {
  const conversation = [{ role: "prompt", content: "Once" }];
  expect(parse({ prompt: "Once" }).conversation).toEqual(conversation);
  expect(parse({ prompt: ["Once"] }).conversation).toEqual(conversation);
});

test.each([[[1, 2]], [[[1]]], [["a", "b"]], [["a", 1]]])("the prompt %j is refused by name", (prompt) => {
  expect(() => parse({ prompt })).toThrow(expect.objectContaining({ code: "unsupported_parameter", param: "prompt" }));
});

test("logprobs is a number of alternatives", () => {
  expect(parse({ prompt: "x" }).topLogprobs).toBeUndefined();
  expect(parse({ prompt: "x", logprobs: 0 }).topLogprobs).toBe(0);
  expect(parse({ prompt: "x", logprobs: 5 }).topLogprobs).toBe(5);
});
