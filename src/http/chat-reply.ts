import type { ReleasedToken } from "../engine/engine.ts";
import { finiteLogprob, textOf, type ReplyFacts, type ReplyShape } from "./reply-shape.ts";

/** The bodies of `POST /v1/chat/completions`. */
export const chatReply: ReplyShape = {
  whole(facts, { tokens, finishReason, usage }) {
    const message = { role: "assistant", content: textOf(tokens), refusal: null };
    const logprobs = facts.withLogprobs ? logprobsOf(tokens) : null;
    return {
      id: facts.id,
      object: "chat.completion",
      created: facts.created,
      model: facts.model,
      choices: [{ index: 0, message, logprobs, finish_reason: finishReason }],
      usage,
    };
  },
  stream(facts) {
    const chunk = (choices: readonly object[], usage: object | null) => ({
      id: facts.id,
      object: "chat.completion.chunk",
      created: facts.created,
      model: facts.model,
      choices,
      ...(facts.includeUsage ? { usage } : {}),
    });
    return {
      first: () => chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }], null),
      tokens: (tokens) => chunk([tokensChoice(facts, tokens)], null),
      last: (finishReason) => chunk([{ index: 0, delta: {}, finish_reason: finishReason }], null),
      usage: (usage) => chunk([], usage),
    };
  },
};

function tokensChoice({ withLogprobs }: ReplyFacts, tokens: readonly ReleasedToken[]): object {
  const delta = { content: textOf(tokens) };
  return { index: 0, delta, ...(withLogprobs ? { logprobs: logprobsOf(tokens) } : {}), finish_reason: null };
}

function logprobsOf(tokens: readonly ReleasedToken[]): object {
  const content = tokens.map(({ text, logprob, bytes, top }) => ({
    token: text,
    logprob: finiteLogprob(logprob),
    bytes: bytes ?? null,
    top_logprobs: (top ?? []).map((each) => ({
      token: each.text,
      logprob: finiteLogprob(each.logprob),
      bytes: each.bytes,
    })),
  }));
  return { content, refusal: null };
}
