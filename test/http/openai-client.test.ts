import OpenAI from "openai";
import { expect, test } from "vitest";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { HELLO, MODEL, stalledRun } from "./scripted-engine.ts";

const messages = [{ role: "user" as const, content: "Tell me about sushi." }];
const aborted = [
  promptJudged,
  released("Sushi"),
  released(" is"),
  flagRaised(),
  runEnd("abort", { releasedTokens: 2 }),
];

test("the official client creates a chat completion", async () => {
  const { client } = await startApi();
  const reply = await client.chat.completions.create({ model: MODEL, messages });
  expect(reply.choices[0]?.message.content).toBe("Hello there");
  expect(reply.usage?.total_tokens).toBe(13);
});

test("the official client streams a chat completion with usage", async () => {
  const { client } = await startApi();
  const stream = await client.chat.completions.create({
    model: MODEL,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let total: number | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    total = chunk.usage?.total_tokens ?? total;
  }
  expect([text, total]).toEqual(["Hello there", 13]);
});

test("the official client's stream helper puts the message together", async () => {
  const { client } = await startApi();
  const reply = await client.chat.completions.stream({ model: MODEL, messages }).finalChatCompletion();
  expect(reply.choices[0]).toMatchObject({
    message: { role: "assistant", content: "Hello there" },
    finish_reason: "stop",
  });
});

test("the official client creates and streams a text completion", async () => {
  const { client } = await startApi();
  const reply = await client.completions.create({ model: MODEL, prompt: "The capital" });
  expect(reply.choices[0]?.text).toBe("Hello there");
  const stream = await client.completions.create({ model: MODEL, prompt: "The capital", stream: true });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
  expect(text).toBe("Hello there");
});

test("the official client lists models and fetches one", async () => {
  const { client } = await startApi();
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual([MODEL]);
  expect((await client.models.retrieve(MODEL)).object).toBe("model");
});

test("the official client sees a stopped generation as content_filter with the text until then", async () => {
  const { client } = await startApi(aborted);
  const headers = { "x-oversight-policy": "demo" };
  const reply = await client.chat.completions.create({ model: MODEL, messages }, { headers });
  expect(reply.choices[0]).toMatchObject({ message: { content: "Sushi is" }, finish_reason: "content_filter" });
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true }, { headers });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("content_filter");
});

test("the official client raises a refused prompt as a bad request and does not try again", async () => {
  const api = await startApi([flagRaised({ released: 0 }), runEnd("abort", { releasedTokens: 0 })]);
  const client = api.client.withOptions({ maxRetries: 2 });
  const error = await client.chat.completions.create({ model: MODEL, messages }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({ status: 400, code: "content_filter", type: "invalid_request_error" });
  expect(api.requests).toHaveLength(1);
});

test("the official client raises an error inside a stream", async () => {
  const { client } = await startApi([promptJudged, released("a"), runEnd("unavailable")]);
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
  const read = async () => {
    for await (const chunk of stream) expect(chunk.object).toBe("chat.completion.chunk");
  };
  await expect(read()).rejects.toMatchObject({ code: "oversight_unavailable" });
});

test("the official client tries a 503 again after the time it is told", async () => {
  let calls = 0;
  const api = await startApi(
    () => ({
      cancel: () => undefined,
      async *[Symbol.asyncIterator]() {
        calls += 1;
        yield* calls === 1 ? [runEnd("unavailable")] : HELLO;
      },
    }),
    { timeouts: { totalMs: 20_000, headersAfterMs: 10_000, heartbeatMs: 15_000, retryAfterMs: 20 } },
  );
  const reply = await api.client.chat.completions.create({ model: MODEL, messages }, { maxRetries: 1 });
  expect([reply.choices[0]?.message.content, calls]).toEqual(["Hello there", 2]);
});

test("the official client's own time-out and abort cancel the run", async () => {
  const api = await startApi(() => stalledRun([promptJudged]));
  const timedOut = api.client.chat.completions.create({ model: MODEL, messages }, { timeout: 100 });
  await expect(timedOut).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  await eventually(() => api.runs[0]);
  const controller = new AbortController();
  const left = api.client.chat.completions.create({ model: MODEL, messages }, { signal: controller.signal });
  await eventually(() => api.requests[1]);
  controller.abort();
  await expect(left).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  await eventually(() => api.runs[1]);
  expect(api.runs.map(({ end }) => end.reason)).toEqual(["cancelled", "cancelled"]);
});

test("the official client does not try a deadline again", async () => {
  const api = await startApi([promptJudged, runEnd("deadline")]);
  const client = api.client.withOptions({ maxRetries: 2 });
  await expect(client.chat.completions.create({ model: MODEL, messages })).rejects.toMatchObject({
    status: 504,
    code: "deadline_exceeded",
  });
  expect(api.requests).toHaveLength(1);
});

test("an engine that hangs past the deadline is given up by the gateway itself", async () => {
  const timeouts = { totalMs: 1, headersAfterMs: 10_000, heartbeatMs: 15_000, retryAfterMs: 1_000 };
  const api = await startApi(() => stalledRun([promptJudged]), { timeouts });
  await expect(api.client.chat.completions.create({ model: MODEL, messages })).rejects.toMatchObject({ status: 504 });
  await eventually(() => api.runs[0]);
});
