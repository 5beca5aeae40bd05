import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBody } from "./reply-bodies.ts";
import { openApi } from "./scripted-api.ts";
import { MODEL } from "./scripted-engine.ts";

const CHAT = "/v1/chat/completions";
const TEXT = "/v1/completions";
const hi = [{ role: "user", content: "Hi" }];
const chat = (fields: object) => JSON.stringify({ model: MODEL, messages: hi, ...fields });
const text = (fields: object) => JSON.stringify({ model: MODEL, prompt: "Hi", ...fields });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

interface Case {
  readonly what: string;
  readonly path?: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly param?: string | null;
}

const refused = (what: string, body: string, param: string | null): Case => ({
  what,
  body,
  status: 400,
  code: "invalid_request",
  param,
});
const unsupported = (field: string, value: unknown): Case => ({
  what: `${field}: ${JSON.stringify(value)}`,
  body: chat({ [field]: value }),
  status: 400,
  code: "unsupported_parameter",
  param: field,
});
const unsupportedText = (field: string, value: unknown): Case => ({
  ...unsupported(field, value),
  path: TEXT,
  body: text({ [field]: value }),
});

const CASES: readonly Case[] = [
  { what: "JSON that breaks off", body: '{"model":', status: 400, code: "invalid_json" },
  { what: "an empty body", body: "", status: 400, code: "invalid_json" },
  { what: "bytes that are no UTF-8", body: Uint8Array.from([0x22, 0xff, 0x22]), status: 400, code: "invalid_json" },
  { what: "1,000-deep nesting", body: nested(1000), status: 400, code: "invalid_request" },
  { what: "30,000-deep nesting that is never closed", body: "[".repeat(30_000), status: 400, code: "invalid_request" },
  {
    what: "1,000-deep nesting in a field",
    body: `{"model":"m","messages":${nested(1000)}}`,
    status: 400,
    code: "invalid_request",
  },
  { what: "a huge body", body: chat({ user: "x".repeat(70_000) }), status: 413, code: "body_too_large" },
  {
    what: "text/plain",
    body: chat({}),
    headers: { "content-type": "text/plain" },
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "another charset",
    body: chat({}),
    headers: { "content-type": "application/json; charset=utf-16" },
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "a compressed body",
    body: chat({}),
    headers: { "content-encoding": "gzip" },
    status: 415,
    code: "unsupported_media_type",
  },
  refused("an array as body", "[]", null),
  refused("null as body", "null", null),
  refused("no model", JSON.stringify({ messages: hi }), "model"),
  refused("a number as model", chat({ model: 3 }), "model"),
  refused("no messages", JSON.stringify({ model: MODEL }), "messages"),
  refused("empty messages", chat({ messages: [] }), "messages"),
  refused("messages as text", chat({ messages: "Hi" }), "messages"),
  refused("too many messages", chat({ messages: Array.from({ length: 17 }, () => hi[0]) }), "messages"),
  refused("a message that is text", chat({ messages: ["Hi"] }), "messages[0]"),
  refused("a message without a role", chat({ messages: [{ content: "Hi" }] }), "messages[0].role"),
  refused("an unknown role", chat({ messages: [{ role: "pirate", content: "Hi" }] }), "messages[0].role"),
  refused("a message without content", chat({ messages: [{ role: "user" }] }), "messages[0].content"),
  refused("null content", chat({ messages: [{ role: "assistant", content: null }] }), "messages[0].content"),
  refused("a number as content", chat({ messages: [{ role: "user", content: 7 }] }), "messages[0].content"),
  refused("no content parts", chat({ messages: [{ role: "user", content: [] }] }), "messages[0].content"),
  refused(
    "a part without text",
    chat({ messages: [{ role: "user", content: [{ type: "text" }] }] }),
    "messages[0].content[0].text",
  ),
  refused("a temperature above 2", chat({ temperature: 2.1 }), "temperature"),
  refused("a temperature below 0", chat({ temperature: -1 }), "temperature"),
  refused("a temperature as text", chat({ temperature: "1" }), "temperature"),
  refused("a top_p above 1", chat({ top_p: 1.5 }), "top_p"),
  refused("a negative top_k", chat({ top_k: -1 }), "top_k"),
  refused("half a seed", chat({ seed: 0.5 }), "seed"),
  refused("five stops", chat({ stop: ["a", "b", "c", "d", "e"] }), "stop"),
  refused("an empty stop", chat({ stop: "" }), "stop"),
  refused("a long stop", chat({ stop: "x".repeat(17) }), "stop"),
  refused("max_tokens 0", chat({ max_tokens: 0 }), "max_tokens"),
  refused("max_tokens over the limit", chat({ max_tokens: 1025 }), "max_tokens"),
  refused("two different limits", chat({ max_tokens: 4, max_completion_tokens: 5 }), "max_completion_tokens"),
  refused("stream as text", chat({ stream: "true" }), "stream"),
  refused("stream options without a stream", chat({ stream_options: { include_usage: true } }), "stream_options"),
  refused("top_logprobs without logprobs", chat({ top_logprobs: 3 }), "top_logprobs"),
  refused("21 top_logprobs", chat({ logprobs: true, top_logprobs: 21 }), "top_logprobs"),
  { ...refused("six logprobs of a text completion", text({ logprobs: 6 }), "logprobs"), path: TEXT },
  { ...refused("an empty prompt", text({ prompt: "" }), "prompt"), path: TEXT },
  { ...refused("no prompt", JSON.stringify({ model: MODEL }), "prompt"), path: TEXT },
  { ...refused("an empty list of prompts", text({ prompt: [] }), "prompt"), path: TEXT },
  unsupported("n", 2),
  unsupported("tools", [{ type: "function", function: { name: "f" } }]),
  unsupported("tool_choice", "auto"),
  unsupported("functions", [{ name: "f" }]),
  unsupported("response_format", { type: "json_object" }),
  unsupported("logit_bias", { "1": 5 }),
  unsupported("presence_penalty", 0.5),
  unsupported("frequency_penalty", -0.5),
  unsupported("modalities", ["audio"]),
  unsupported("audio", { voice: "x" }),
  unsupported("store", true),
  unsupported("suffix", "x"),
  unsupported("echo", true),
  unsupported("best_of", 2),
  unsupported("reasoning_effort", "high"),
  unsupported("constructor", 1),
  { ...unsupported("__proto__", 1), body: `{"model":"${MODEL}","__proto__":1}` },
  unsupported("max_token", 5),
  unsupportedText("echo", true),
  unsupportedText("suffix", "end"),
  unsupportedText("best_of", 3),
  unsupportedText("prompt", [1, 2, 3]),
  unsupportedText("prompt", [[1, 2]]),
  unsupportedText("prompt", ["a", "b"]),
  unsupportedText("messages", []),
  {
    ...unsupported("an image part", 0),
    body: chat({ messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] }),
    param: "messages[0].content[0].type",
  },
  {
    ...unsupported("a tool message", 0),
    body: chat({ messages: [{ role: "tool", content: "x" }] }),
    param: "messages[0].role",
  },
  {
    ...unsupported("a message name", 0),
    body: chat({ messages: [{ role: "user", content: "x", name: "bob" }] }),
    param: "messages[0].name",
  },
  {
    ...unsupported("a made-up message field", 0),
    body: chat({ messages: [{ role: "user", content: "x", weight: 1 }] }),
    param: "messages[0].weight",
  },
  { what: "an unknown model", body: chat({ model: "gpt-4" }), status: 404, code: "model_not_found", param: "model" },
  {
    what: "max_tokens over the context",
    body: chat({ max_tokens: 2048 }),
    status: 400,
    code: "context_length_exceeded",
    param: "max_tokens",
  },
  {
    what: "a prompt over the context",
    body: chat({ messages: [{ role: "user", content: "a b ".repeat(2000) }] }),
    status: 400,
    code: "context_length_exceeded",
  },
  {
    what: "an unknown policy",
    body: chat({}),
    headers: { "x-oversight-policy": "nope" },
    status: 400,
    code: "invalid_request",
    param: "x-oversight-policy",
  },
  {
    what: "a looser policy",
    body: chat({}),
    headers: { "x-oversight-policy": "monitor" },
    status: 403,
    code: "policy_not_allowed",
  },
  {
    what: "another origin",
    body: chat({}),
    headers: { origin: "https://evil.example" },
    status: 403,
    code: "forbidden_origin",
  },
];

describe("what the API refuses", () => {
  let api: Awaited<ReturnType<typeof openApi>>;
  beforeAll(async () => {
    api = await openApi();
  });
  afterAll(() => api.stop());

  test.each(CASES)("$what is $status $code", async ({ path = CHAT, body, headers = {}, status, code, param }) => {
    const response = await api.post(path, body, headers);
    const answer = await readBody(response);
    expect([response.status, answer.error?.code]).toEqual([status, code]);
    expect(Object.keys(answer)).toEqual(["error"]);
    expect(Object.keys(answer.error ?? {})).toEqual(["message", "type", "param", "code"]);
    if (param !== undefined) expect(answer.error?.param).toBe(param);
    expect(response.headers.get("x-request-id")).toMatch(/^[\x21-\x7e]+$/);
    expect(api.requests).toHaveLength(0);
  });

  test("it still answers after all of that", async () => {
    expect((await api.chat()).status).toBe(200);
    expect(api.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
