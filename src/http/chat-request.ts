import { z } from "zod";
import { GatewayError } from "../errors.ts";
import type { Turn } from "../trace/trace.ts";
import { checkFields, isObject, takeBuiltFields, type UnbuiltFields } from "./fields.ts";
import {
  requireObject,
  SAMPLING_FIELDS,
  samplingSchemas,
  toSharedRequest,
  UNBUILT_FIELDS,
  type GenerationRequest,
} from "./generation-request.ts";
import type { RequestLimits } from "./options.ts";

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const isOnlyText = (value: unknown): boolean =>
  isObject(value) && value["type"] === "text" && Object.keys(value).length === 1;
const isTextModality = (value: unknown): boolean => Array.isArray(value) && value.length === 1 && value[0] === "text";

const UNBUILT_CHAT_FIELDS: UnbuiltFields = {
  ...UNBUILT_FIELDS,
  tools: isEmptyList,
  tool_choice: (value) => value === "none",
  parallel_tool_calls: (value) => typeof value === "boolean",
  functions: isEmptyList,
  function_call: (value) => value === "none",
  response_format: isOnlyText,
  modalities: isTextModality,
  audio: () => false,
  prediction: () => false,
  web_search_options: () => false,
  reasoning_effort: (value) => value === "none",
  verbosity: (value) => value === "medium",
  service_tier: (value) => value === "auto" || value === "default",
  store: (value) => value === false,
  metadata: isObject,
  safety_identifier: (value) => typeof value === "string",
  prompt_cache_key: (value) => typeof value === "string",
  prompt_cache_retention: () => false,
  suffix: () => false,
  echo: (value) => value === false,
  best_of: (value) => value === 1,
};

// What a client sends along when it sends a reply's message back.
const UNBUILT_MESSAGE_FIELDS: UnbuiltFields = {
  name: () => false,
  refusal: () => false,
  audio: () => false,
  annotations: isEmptyList,
  tool_calls: isEmptyList,
  tool_call_id: () => false,
  function_call: () => false,
};

const ROLES = { system: "system", developer: "system", user: "user", assistant: "assistant" } as const;
const UNBUILT_ROLES = ["tool", "function"];

/** Checks a body of `POST /v1/chat/completions`; throws `GatewayError` that names the field. */
export function parseChatRequest(body: unknown, limits: RequestLimits): GenerationRequest {
  const built = [...SAMPLING_FIELDS, "messages", "max_completion_tokens", "logprobs", "top_logprobs"];
  const taken = takeBuiltFields(requireObject(body), { prefix: "", built, unbuilt: UNBUILT_CHAT_FIELDS });
  const schema = z.strictObject({
    ...samplingSchemas(limits),
    messages: z.array(z.unknown()).min(1).max(limits.maxMessages),
    max_completion_tokens: z.int().min(1).optional(),
    logprobs: z.boolean().default(false),
    top_logprobs: z.int().min(0).max(20).optional(),
  });
  const fields = checkFields(schema, taken);
  const { max_tokens: maxTokens, max_completion_tokens: maxCompletionTokens } = fields;
  if (maxTokens !== undefined && maxCompletionTokens !== undefined && maxTokens !== maxCompletionTokens) {
    const message = "'max_tokens' and 'max_completion_tokens' differ: send one of them.";
    throw new GatewayError("invalid_request", message, { param: "max_completion_tokens" });
  }
  if (fields.top_logprobs !== undefined && !fields.logprobs) {
    throw new GatewayError("invalid_request", "'top_logprobs' is only for 'logprobs': true.", {
      param: "top_logprobs",
    });
  }
  return {
    ...toSharedRequest({ ...fields, max_tokens: maxTokens ?? maxCompletionTokens }),
    conversation: fields.messages.map((message, index) => toTurn(message, `messages[${index}]`)),
    ...(fields.logprobs ? { topLogprobs: fields.top_logprobs ?? 0 } : {}),
  };
}

/** Parts of one message: each costs a check, and no client splits a text this far. */
const MAX_PARTS = 256;
// Made once: making a schema costs more than using it.
const MESSAGE = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.union([z.string(), z.array(z.unknown()).min(1).max(MAX_PARTS)]),
});
const TEXT_PART = z.strictObject({ type: z.literal("text"), text: z.string() });

function toTurn(message: unknown, place: string): Turn {
  if (!isObject(message)) {
    throw new GatewayError("invalid_request", `'${place}' must be an object with role and content.`, { param: place });
  }
  const { role } = message;
  if (typeof role === "string" && UNBUILT_ROLES.includes(role)) {
    const param = `${place}.role`;
    throw new GatewayError("unsupported_parameter", `Messages of the role '${role}' are not supported.`, { param });
  }
  const rules = { prefix: `${place}.`, built: ["role", "content"], unbuilt: UNBUILT_MESSAGE_FIELDS };
  const taken = takeBuiltFields(message, rules);
  const fields = checkFields(MESSAGE, taken, `${place}.`);
  const { content } = fields;
  const texts =
    typeof content === "string" ? [content] : content.map((part, at) => toText(part, `${place}.content[${at}]`));
  return { role: ROLES[fields.role], content: texts.join("") };
}

function toText(part: unknown, place: string): string {
  if (isObject(part) && typeof part["type"] === "string" && part["type"] !== "text") {
    const param = `${place}.type`;
    throw new GatewayError("unsupported_parameter", "Content parts other than text are not supported.", { param });
  }
  return checkFields(TEXT_PART, isObject(part) ? takePart(part, place) : part, `${place}.`).text;
}

function takePart(part: object, place: string): Record<string, unknown> {
  return takeBuiltFields(part, { prefix: `${place}.`, built: ["type", "text"], unbuilt: {} });
}
