import { expect, test } from "vitest";
import { parseChatRequest } from "../../src/http/chat-request.ts";

const limits = { bodyBytes: 1024, depth: 8, maxTokens: 64, maxMessages: 8, maxStop: 2, stopLength: 4 };
const user = { role: "user", content: "Hi" };
const parse = (fields: object) => parseChatRequest({ model: "m", messages: [user], ...fields }, limits);

test("a developer speaks as the system", () => {
  const messages = [{ role: "developer", content: "Be brief." }, { role: "system", content: "Be kind." }, user];
  expect(parse({ messages }).conversation.map(({ role }) => role)).toEqual(["system", "system", "user"]);
});

test("text parts are joined", () => {
  const content = [
    { type: "text", text: "Hel" },
    { type: "text", text: "lo" },
  ];
  expect(parse({ messages: [{ role: "user", content }] }).conversation).toEqual([{ role: "user", content: "Hello" }]);
});

test("a reply's message can be sent back as it came", () => {
  const reply = { role: "assistant", content: "Hello", refusal: null, annotations: [], tool_calls: [], audio: null };
  expect(parse({ messages: [user, reply, user] }).conversation[1]).toEqual({ role: "assistant", content: "Hello" });
});

test("both names of the token limit mean the same", () => {
  expect(parse({ max_tokens: 5 }).maxTokens).toBe(5);
  expect(parse({ max_completion_tokens: 6 }).maxTokens).toBe(6);
  expect(parse({ max_tokens: 7, max_completion_tokens: 7 }).maxTokens).toBe(7);
});

test("log-probabilities are asked for with or without alternatives", () => {
  expect(parse({}).topLogprobs).toBeUndefined();
  expect(parse({ logprobs: true }).topLogprobs).toBe(0);
  expect(parse({ logprobs: true, top_logprobs: 20 }).topLogprobs).toBe(20);
});
