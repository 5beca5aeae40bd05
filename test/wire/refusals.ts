import { LIVE_MODEL } from "../support/live-gateway.ts";
import type { RawRequest } from "../support/raw-request.ts";

/** Where chats are asked for. */
export const CHAT = "/v1/chat/completions";

/** A message of a user. */
export const message = (content: unknown) => ({ role: "user", content });

/** A body that is in order, with other fields besides or instead. */
export const chat = (fields: object = {}) =>
  JSON.stringify({ model: LIVE_MODEL, messages: [message("Hi")], max_tokens: 1, temperature: 0, ...fields });

/** A body that says this. */
export const says = (content: unknown) => chat({ messages: [message(content)] });

/** JSON of that many lists in each other. */
export const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** A request and how it is refused. */
export interface Refusal extends RawRequest {
  readonly what: string;
  readonly status: number;
  readonly code: string;
  readonly param?: string;
}

/** A row of the table; the status is 400 unless it is named. */
export const refused = (
  what: string,
  code: string,
  request: RawRequest & { status?: number; param?: string },
): Refusal => ({
  what,
  code,
  status: 400,
  ...request,
});
const invalid = (what: string, param: string, fields: object) =>
  refused(what, "invalid_request", { param, body: chat(fields) });
const unbuilt = (param: string, value: unknown) =>
  refused(`${param} ${JSON.stringify(value)}`, "unsupported_parameter", { param, body: chat({ [param]: value }) });

/** What the API refuses. Requests have a valid key and `application/json`, unless a row has other headers. */
export const REFUSALS: readonly Refusal[] = [
  refused("malformed JSON", "invalid_json", { body: '{"model": "smol' }),
  refused("no body", "invalid_json", { body: "" }),
  refused("two objects", "invalid_json", { body: "{}{}" }),
  refused("raw bytes of a lone surrogate", "invalid_json", { body: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]) }),
  refused("a list as the body", "invalid_request", { body: "[]" }),
  refused("a string as the body", "invalid_request", { body: '"Hi"' }),
  invalid("messages of a wrong type", "messages", { messages: "Hi" }),
  invalid("content of a wrong type", "messages[0].content", { messages: [message(5)] }),
  invalid("max_tokens of a wrong type", "max_tokens", { max_tokens: "5" }),
  invalid("half a max_tokens", "max_tokens", { max_tokens: 1.5 }),
  invalid("temperature of a wrong type", "temperature", { temperature: "hot" }),
  invalid("stream of a wrong type", "stream", { stream: 1 }),
  invalid("stop of a wrong type", "stop", { stop: 7 }),
  invalid("logprobs of a wrong type", "logprobs", { logprobs: 3 }),
  invalid("empty messages", "messages", { messages: [] }),
  invalid("257 messages", "messages", { messages: Array.from({ length: 257 }, () => message("a")) }),
  invalid("max_tokens over the limit", "max_tokens", { max_tokens: 1025 }),
  refused("a huge body", "body_too_large", { status: 413, body: says("x".repeat(1_100_000)) }),
  refused("a huge body sent in pieces", "body_too_large", {
    status: 413,
    body: says("x".repeat(1_100_000)),
    headers: { "transfer-encoding": "chunked" },
  }),
  refused("1,000-deep nesting", "invalid_request", { body: nested(1_000) }),
  refused("1,000-deep nesting in a field", "invalid_request", { body: `{"model":"m","messages":${nested(1_000)}}` }),
  refused("100,000 brackets that never close", "invalid_request", { body: "[".repeat(100_000) }),
  refused("a prompt over the context", "context_length_exceeded", {
    param: "messages",
    body: says("a b ".repeat(3_000)),
  }),
  refused("one word over the context", "context_length_exceeded", { body: says("a".repeat(900_000)) }),
  refused("max_tokens over the context", "context_length_exceeded", {
    param: "max_tokens",
    body: chat({ messages: [message("a b ".repeat(700))], max_tokens: 1000 }),
  }),
  refused("an unknown model", "model_not_found", { status: 404, param: "model", body: chat({ model: "gpt-4" }) }),
  refused("no key", "invalid_api_key", { status: 401, body: chat(), headers: { authorization: "" } }),
  refused("a wrong key", "invalid_api_key", { status: 401, body: chat(), headers: { authorization: "Bearer sk-bad" } }),
  refused("a disabled key", "invalid_api_key", {
    status: 401,
    body: chat(),
    headers: { authorization: "Bearer sk-off" },
  }),
  refused("an expired key", "invalid_api_key", {
    status: 401,
    body: chat(),
    headers: { authorization: "Bearer sk-old" },
  }),
  refused("a wrong key for the models", "invalid_api_key", {
    status: 401,
    method: "GET",
    path: "/v1/models",
    headers: { authorization: "Bearer sk-bad" },
  }),
  refused("a key that may not use the model", "model_not_found", {
    status: 404,
    body: chat(),
    headers: { authorization: "Bearer sk-other-model" },
  }),
  refused("a key that may not choose", "policy_not_allowed", {
    status: 403,
    body: chat(),
    headers: { authorization: "Bearer sk-fixed", "x-oversight-policy": "flag" },
  }),
  refused("a looser policy", "policy_not_allowed", {
    status: 403,
    body: chat(),
    headers: { authorization: "Bearer sk-flag", "x-oversight-policy": "open" },
  }),
  refused("an unknown policy", "invalid_request", {
    param: "x-oversight-policy",
    body: chat(),
    headers: { "x-oversight-policy": "nope" },
  }),
  unbuilt("n", 2),
  unbuilt("tools", [{ type: "function", function: { name: "f" } }]),
  unbuilt("tool_choice", "auto"),
  unbuilt("response_format", { type: "json_object" }),
  unbuilt("logit_bias", { "5": 1 }),
  unbuilt("presence_penalty", 1),
  unbuilt("frequency_penalty", 1),
  unbuilt("modalities", ["audio"]),
  unbuilt("store", true),
  unbuilt("max_token", 3),
  refused("an image", "unsupported_parameter", {
    param: "messages[0].content[0].type",
    body: says([{ type: "image_url", image_url: { url: "x" } }]),
  }),
  refused("a tool message", "unsupported_parameter", {
    param: "messages[0].role",
    body: chat({ messages: [{ role: "tool", content: "x" }] }),
  }),
  refused("a wrong content type", "unsupported_media_type", {
    status: 415,
    body: chat(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  }),
  refused("a compressed body", "unsupported_media_type", {
    status: 415,
    body: chat(),
    headers: { "content-encoding": "gzip" },
  }),
  refused("a wrong method", "method_not_allowed", { status: 405, method: "GET", path: CHAT }),
  refused("another wrong method", "method_not_allowed", { status: 405, method: "DELETE", path: "/v1/models" }),
  refused("an unknown route", "not_found", { status: 404, path: "/v1/embeddings", body: "{}" }),
  refused("a route with a slash too many", "not_found", { status: 404, path: `${CHAT}/`, body: chat() }),
  refused("a path that is no text", "invalid_request", { method: "GET", path: "/v1/models/%ff" }),
  refused("the console's route on the API", "not_found", { status: 404, method: "GET", path: "/metrics" }),
  refused("a wrong Host", "forbidden_host", { status: 403, body: chat(), headers: { host: "evil.example" } }),
  refused("a rebound Host with the right port", "forbidden_host", {
    status: 403,
    method: "GET",
    path: "/livez",
    headers: { host: "evil.example:80" },
  }),
  refused("a foreign Origin", "forbidden_origin", {
    status: 403,
    body: chat(),
    headers: { origin: "https://evil.example" },
  }),
  refused("a null Origin", "forbidden_origin", { status: 403, body: chat(), headers: { origin: "null" } }),
];
