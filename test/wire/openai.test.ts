import OpenAI from "openai";
import { ContentFilterFinishReasonError } from "openai/core/error";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIVE_MODEL, startLive, type LiveGateway } from "../support/live-gateway.ts";
import { until } from "../support/wire-reply.ts";

const CONTENT = "Count from one to ten.";
const request = {
  model: LIVE_MODEL,
  messages: [{ role: "user" as const, content: CONTENT }],
  max_tokens: 8,
  temperature: 0,
};
const policy = (name: string) => ({ headers: { "x-oversight-policy": name } });
const abort = (detector: string, more: object = {}) => ({ detectors: { [detector]: { action: "abort" } }, ...more });

let live: LiveGateway;
let client: OpenAI;
let open: string;
/** Requests that reached the wire. */
let calls = 0;

beforeAll(async () => {
  live = await startLive({
    detectors: {
      "third-word": { at: { prompt: 2 } },
      "fourth-token": { at: { generated: 3 } },
      "broken-prompt": { at: { prompt: 2 }, does: "throw" },
      "broken-later": { at: { generated: 3 }, does: "throw" },
    },
    policies: {
      prompt: abort("third-word"),
      stop: abort("fourth-token"),
      strict: abort("fourth-token", { on_abort: "error" }),
      "broken-prompt": abort("broken-prompt"),
      "broken-later": abort("broken-later"),
    },
    fields: { timeouts: { retry_after_ms: 50 } },
  });
  client = new OpenAI({
    baseURL: `${live.api}/v1`,
    apiKey: "unused",
    fetch(input, init) {
      calls += 1;
      return fetch(input, init);
    },
  });
  open = (await client.chat.completions.create(request)).choices[0]?.message.content ?? "";
});
afterAll(() => live.stop());

/** What a promise was rejected with, and how many requests it took. */
async function refusal(promise: () => PromiseLike<unknown>): Promise<{ error: unknown; calls: number }> {
  const before = calls;
  const error = await Promise.resolve(promise()).then(
    (value) => new Error(`it was answered: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  return { error, calls: calls - before };
}

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  const seen = { text: "", finishReason: "", usage: 0 };
  for await (const { choices, usage } of stream) {
    seen.text += choices[0]?.delta.content ?? "";
    seen.finishReason = choices[0]?.finish_reason ?? seen.finishReason;
    seen.usage = usage?.completion_tokens ?? seen.usage;
  }
  return seen;
}

const isIdle = () => live.gateway.engine.status().running === 0;

describe("chat completions", () => {
  test("are created", async () => {
    const reply = await client.chat.completions.create(request);
    expect(reply.object).toBe("chat.completion");
    expect(reply.choices[0]).toMatchObject({ finish_reason: "length", message: { role: "assistant", content: open } });
    expect(reply.usage?.completion_tokens).toBe(8);
  });

  test("stream the same text", async () => {
    const stream_options = { include_usage: true };
    const stream = await client.chat.completions.create({ ...request, stream: true, stream_options });
    expect(await textOf(stream)).toEqual({ text: open, finishReason: "length", usage: 8 });
  });

  test("come with their headers", async () => {
    const { data, response, request_id: id } = await client.chat.completions.create(request).withResponse();
    expect(data.id).toMatch(/^chatcmpl-/);
    expect(id).toBe(response.headers.get("x-request-id"));
    expect(response.headers.get("x-oversight-trace-id")).toMatch(/^tr_[0-9a-f]{32}$/);
  });

  test("are put together by the stream helper", async () => {
    const final = await client.chat.completions.stream(request).finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: "length", message: { content: open } });
  });

  test("parse to JSON, which this model does not write, is an error of the client's own", async () => {
    const { error } = await refusal(() => client.chat.completions.parse({ ...request, response_format: JSON_OBJECT }));
    expect(error).toMatchObject({ status: 400, code: "unsupported_parameter", param: "response_format" });
  });
});

const JSON_OBJECT = { type: "json_object" as const };

describe("a generation that is stopped", () => {
  test("is a reply that ends in content_filter", async () => {
    const reply = await client.chat.completions.create(request, policy("stop"));
    expect(reply.choices[0]?.finish_reason).toBe("content_filter");
    expect(open.startsWith(reply.choices[0]?.message.content ?? "-")).toBe(true);
    expect(reply.usage?.completion_tokens).toBe(3);
  });

  test("is a stream that ends in content_filter", async () => {
    const stream = await client.chat.completions.create({ ...request, stream: true }, policy("stop"));
    const { text, finishReason } = await textOf(stream);
    expect(finishReason).toBe("content_filter");
    expect(open.startsWith(text) && text.length > 0).toBe(true);
  });

  test("is an error of the helpers that parse", async () => {
    const { error } = await refusal(() => client.chat.completions.parse(request, policy("stop")));
    expect(error).toBeInstanceOf(ContentFilterFinishReasonError);
    const final = await client.chat.completions.stream(request, policy("stop")).finalChatCompletion();
    expect(final.choices[0]?.finish_reason).toBe("content_filter");
  });

  test("is an error where policy says so, and not tried again", async () => {
    const whole = await refusal(() => client.chat.completions.create(request, policy("strict")));
    expect(whole.error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(whole).toMatchObject({ calls: 1, error: { code: "content_filter" } });
    const stream = await client.chat.completions.create({ ...request, stream: true }, policy("strict"));
    const { error } = await refusal(() => textOf(stream));
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: "content_filter", status: undefined });
  });
});

describe("errors", () => {
  test.each([true, false])(
    "a refused prompt is a BadRequestError that is not tried again, stream: %s",
    async (stream) => {
      const { error, calls } = await refusal(() =>
        client.chat.completions.create({ ...request, stream }, policy("prompt")),
      );
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({ status: 400, code: "content_filter", type: "invalid_request_error", param: null });
      expect(calls).toBe(1);
    },
  );

  test("a broken detector is tried again as often as the client was told, and then an error", async () => {
    const { error, calls } = await refusal(() =>
      client.chat.completions.create(request, { ...policy("broken-prompt"), maxRetries: 2 }),
    );
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 503, code: "oversight_unavailable" });
    expect(calls).toBe(3);
  });

  test("a detector that breaks later is an error inside the stream", async () => {
    const stream = await client.chat.completions.create({ ...request, stream: true }, policy("broken-later"));
    const { error } = await refusal(() => textOf(stream));
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: "oversight_unavailable" });
  });

  test("an unknown model is a NotFoundError", async () => {
    const { error } = await refusal(() => client.chat.completions.create({ ...request, model: "gpt-4" }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", param: "model" });
  });

  test("a route that is not built is a NotFoundError", async () => {
    const { error } = await refusal(() => client.embeddings.create({ model: LIVE_MODEL, input: "x" }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "not_found" });
  });
});

describe("a client that gives up", () => {
  const long = { ...request, max_tokens: 400 };

  test("by its own time-out gets that error, and the slot is free", async () => {
    const { error } = await refusal(() => client.chat.completions.create(long, { timeout: 300, maxRetries: 0 }));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await until(isIdle, 1_000);
  });

  test("by abort gets that error, and the slot is free", async () => {
    const controller = new AbortController();
    const answer = refusal(() => client.chat.completions.create(long, { signal: controller.signal }));
    await until(() => !isIdle());
    controller.abort();
    expect((await answer).error).toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(isIdle, 1_000);
  });

  test("in the middle of a stream frees the slot", async () => {
    const stream = await client.chat.completions.create({ ...long, stream: true });
    let chunks = 0;
    for await (const chunk of stream) {
      expect(chunk.object).toBe("chat.completion.chunk");
      chunks += 1;
      if (chunks === 3) stream.controller.abort();
    }
    expect(chunks).toBeLessThan(20);
    await until(isIdle, 1_000);
  });

  test("by leaving the loop frees the slot", async () => {
    for await (const chunk of await client.chat.completions.create({ ...long, stream: true })) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await until(isIdle, 1_000);
  });
});

describe("the other routes", () => {
  const prompt = { model: LIVE_MODEL, prompt: "One, two, three,", max_tokens: 6, temperature: 0 };

  test("complete a text, whole and streamed alike", async () => {
    const reply = await client.completions.create(prompt);
    expect(reply).toMatchObject({ object: "text_completion", usage: { completion_tokens: 6 } });
    let text = "";
    for await (const chunk of await client.completions.create({ ...prompt, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    expect(text).toBe(reply.choices[0]?.text);
    expect(text).toContain("four");
  });

  test("stop a text, too", async () => {
    const reply = await client.completions.create(prompt, policy("stop"));
    expect(reply).toMatchObject({ choices: [{ finish_reason: "content_filter" }], usage: { completion_tokens: 3 } });
    const { error } = await refusal(() => client.completions.create(prompt, policy("prompt")));
    expect(error).toMatchObject({ status: 400, code: "content_filter" });
  });

  test("list the model and show it", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([LIVE_MODEL]);
    expect(await client.models.retrieve(LIVE_MODEL)).toMatchObject({ object: "model", owned_by: "lensgate" });
    const { error } = await refusal(() => client.models.retrieve("gpt-4"));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
  });
});
