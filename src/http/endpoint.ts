import type { EncodedPrompt, PromptEncoder } from "../model/prompt.ts";
import type { TraceHead } from "../trace/trace.ts";
import { chatReply } from "./chat-reply.ts";
import { parseChatRequest } from "./chat-request.ts";
import { completionReply } from "./completion-reply.ts";
import { parseCompletionRequest } from "./completion-request.ts";
import type { GenerationRequest } from "./generation-request.ts";
import type { Operation } from "./observer.ts";
import type { RequestLimits } from "./options.ts";
import type { ReplyShape } from "./reply-shape.ts";

/** What differs between the two generating endpoints. */
export interface Endpoint {
  readonly path: string;
  readonly operation: Operation;
  readonly name: TraceHead["endpoint"];
  /** The field that holds the prompt. */
  readonly promptField: "messages" | "prompt";
  /** Before the reply's id. */
  readonly idPrefix: string;
  readonly reply: ReplyShape;
  parse(body: unknown, limits: RequestLimits): GenerationRequest;
  encode(prompts: PromptEncoder, request: GenerationRequest): EncodedPrompt;
}

/** `POST /v1/chat/completions` */
export const CHAT: Endpoint = {
  path: "/v1/chat/completions",
  operation: "chat",
  name: "chat",
  promptField: "messages",
  idPrefix: "chatcmpl-",
  reply: chatReply,
  parse: parseChatRequest,
  encode: (prompts, { conversation }) => prompts.encodeChat(conversation),
};

/** `POST /v1/completions` */
export const COMPLETIONS: Endpoint = {
  path: "/v1/completions",
  operation: "text_completion",
  name: "completions",
  promptField: "prompt",
  idPrefix: "cmpl-",
  reply: completionReply,
  parse: parseCompletionRequest,
  encode: (prompts, { conversation }) => prompts.encodeText(conversation.map(({ content }) => content).join("")),
};
