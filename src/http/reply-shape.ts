import type { ReleasedToken, RunEnd } from "../engine/engine.ts";

/** Why a reply ended, in the words of the OpenAI API. */
export type FinishReason = "stop" | "length" | "content_filter";

/** What every body and chunk of one reply carries. */
export interface ReplyFacts {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly withLogprobs: boolean;
  /** Chunks then carry `usage: null`, and a last one the count. */
  readonly includeUsage: boolean;
}

/** Tokens of the prompt, and those that the client got. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** A reply that is sent whole. */
export interface WholeReply {
  readonly tokens: readonly ReleasedToken[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

/** The chunks of one stream, to be asked for in this order. */
export interface ChunkWriter {
  /** What leaves with the headers; undefined when nothing does. */
  first(): object | undefined;
  tokens(tokens: readonly ReleasedToken[]): object;
  last(finishReason: FinishReason): object;
  usage(usage: Usage): object;
}

/** The bodies of one endpoint. */
export interface ReplyShape {
  whole(facts: ReplyFacts, reply: WholeReply): object;
  stream(facts: ReplyFacts): ChunkWriter;
}

/** Counts released tokens, not generated ones. */
export function usageOf({ promptTokens, releasedTokens }: RunEnd): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: releasedTokens,
    total_tokens: promptTokens + releasedTokens,
  };
}

/** A log-probability as JSON can carry it: minus infinity becomes −9999, as the OpenAI API has it. */
export function finiteLogprob(logprob: number | undefined): number {
  return logprob !== undefined && Number.isFinite(logprob) ? logprob : -9999;
}

/** The text of all tokens. */
export function textOf(tokens: readonly ReleasedToken[]): string {
  return tokens.map(({ text }) => text).join("");
}
