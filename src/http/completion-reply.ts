import type { ReleasedToken } from "../engine/engine.ts";
import { finiteLogprob, textOf, type ReplyShape } from "./reply-shape.ts";

/** The bodies of `POST /v1/completions`. */
export const completionReply: ReplyShape = {
  whole(facts, { tokens, finishReason, usage }) {
    const logprobs = facts.withLogprobs ? logprobsOf(tokens, 0) : null;
    return {
      id: facts.id,
      object: "text_completion",
      created: facts.created,
      model: facts.model,
      choices: [{ text: textOf(tokens), index: 0, logprobs, finish_reason: finishReason }],
      usage,
    };
  },
  stream(facts) {
    let offset = 0;
    const chunk = (choices: readonly object[], usage: object | null) => ({
      id: facts.id,
      object: "text_completion",
      created: facts.created,
      model: facts.model,
      choices,
      ...(facts.includeUsage ? { usage } : {}),
    });
    return {
      first: () => undefined,
      tokens(tokens) {
        const text = textOf(tokens);
        const logprobs = facts.withLogprobs ? logprobsOf(tokens, offset) : null;
        offset += lengthOf(text);
        return chunk([{ text, index: 0, logprobs, finish_reason: null }], null);
      },
      last: (finishReason) => chunk([{ text: "", index: 0, logprobs: null, finish_reason: finishReason }], null),
      usage: (usage) => chunk([], usage),
    };
  },
};

/** Offsets count characters (code points) of the reply, from 0. */
function logprobsOf(tokens: readonly ReleasedToken[], start: number): object {
  let offset = start;
  const offsets = tokens.map(({ text }) => {
    const at = offset;
    offset += lengthOf(text);
    return at;
  });
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logprob }) => finiteLogprob(logprob)),
    // The chosen token is always among them, so there may be one more than was asked for.
    top_logprobs: tokens.map(({ text, logprob, top }) => ({
      [text]: finiteLogprob(logprob),
      ...Object.fromEntries((top ?? []).map((each) => [each.text, finiteLogprob(each.logprob)])),
    })),
    text_offset: offsets,
  };
}

function lengthOf(text: string): number {
  return [...text].length;
}
