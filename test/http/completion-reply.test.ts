import { expect, test } from "vitest";
import { completionReply } from "../../src/http/completion-reply.ts";

const facts = { id: "cmpl-1", created: 1, model: "m", withLogprobs: true, includeUsage: false };
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const rocket = { id: 1, text: "🚀", logprob: -1, top: [{ id: 2, text: "!", bytes: [33], logprob: -2 }] };
const end = { id: 2, text: "!", logprob: -0.5, top: [] };

test("log-probabilities are lists side by side, with the chosen token among the top ones", () => {
  const whole = completionReply.whole(facts, { tokens: [rocket, end], finishReason: "length", usage });
  expect(whole).toMatchObject({
    choices: [
      {
        text: "🚀!",
        finish_reason: "length",
        logprobs: {
          tokens: ["🚀", "!"],
          token_logprobs: [-1, -0.5],
          top_logprobs: [{ "🚀": -1, "!": -2 }, { "!": -0.5 }],
          text_offset: [0, 1],
        },
      },
    ],
  });
});

test("offsets go on from chunk to chunk", () => {
  const chunks = completionReply.stream(facts);
  for (const [offset, token] of [rocket, end, end].entries()) {
    expect(chunks.tokens([token])).toMatchObject({ choices: [{ logprobs: { text_offset: [offset] } }] });
  }
});

test("nothing leaves with the headers", () => {
  expect(completionReply.stream(facts).first()).toBeUndefined();
});
