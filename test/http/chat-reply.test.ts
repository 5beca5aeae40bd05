import { expect, test } from "vitest";
import { chatReply } from "../../src/http/chat-reply.ts";

const facts = { id: "chatcmpl-1", created: 1, model: "m", withLogprobs: true, includeUsage: false };
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const token = {
  id: 5,
  text: "é",
  logprob: -0.25,
  bytes: [195, 169],
  top: [
    { id: 5, text: "é", bytes: [195, 169], logprob: -0.25 },
    { id: 6, text: "e", bytes: [101], logprob: -Infinity },
  ],
};
const content = [
  {
    token: "é",
    logprob: -0.25,
    bytes: [195, 169],
    top_logprobs: [
      { token: "é", logprob: -0.25, bytes: [195, 169] },
      { token: "e", logprob: -9999, bytes: [101] },
    ],
  },
];

test("log-probabilities stand in the choice, whole and streamed", () => {
  const whole = chatReply.whole(facts, { tokens: [token], finishReason: "stop", usage });
  expect(whole).toMatchObject({ choices: [{ logprobs: { content, refusal: null } }] });
  const chunk = chatReply.stream(facts).tokens([token]);
  expect(chunk).toMatchObject({ choices: [{ delta: { content: "é" }, logprobs: { content, refusal: null } }] });
});

test("a chunk of several tokens carries their text and each log-probability", () => {
  const chunk = chatReply.stream(facts).tokens([token, { id: 7, text: "!" }]);
  const logprobs = { content: [{ token: "é" }, { token: "!" }] };
  expect(chunk).toMatchObject({ choices: [{ delta: { content: "é!" }, logprobs }] });
});

test("chunks carry usage null only when the count comes at the end", () => {
  expect(chatReply.stream(facts).last("stop")).not.toHaveProperty("usage");
  expect(chatReply.stream({ ...facts, includeUsage: true }).last("stop")).toMatchObject({ usage: null });
});
