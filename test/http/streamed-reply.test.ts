import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { Run, RunEvent } from "../../src/engine/engine.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { readEvents, textOfChunks } from "./reply-bodies.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { HELLO, MODEL, stalledRun } from "./scripted-engine.ts";

const SHORT = { totalMs: 20_000, headersAfterMs: 30, heartbeatMs: 20, retryAfterMs: 1_500 };
const abortedAfter: readonly RunEvent[] = [
  promptJudged,
  released("S"),
  released("ushi"),
  released(" is"),
  flagRaised(),
  runEnd("abort"),
];

/** A run that waits before each event. */
function slowRun(events: readonly RunEvent[], waitMs: number): Run {
  return {
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      for (const event of events) {
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        yield event;
      }
    },
  };
}

describe("a stream that ends by itself", () => {
  test("begins with the role, carries the text and ends with the reason and [DONE]", async () => {
    const api = await startApi(HELLO, { clock: () => 1_700_000_000_000 });
    const response = await api.chat({ stream: true });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-oversight-policy": "default",
      "x-oversight-release": "gate",
      "x-oversight-trace-id": expect.stringMatching(/^tr_/),
    });
    expect(response.headers.has("x-oversight-action")).toBe(false);
    const { chunks, done } = await readEvents(response);
    const head = { id: chunks[0]?.id, object: "chat.completion.chunk", created: 1_700_000_000, model: MODEL };
    expect(chunks).toEqual([
      { ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: { content: "Hello" }, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: { content: " there" }, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ]);
    expect(done).toBe(true);
  });

  test("counts in a chunk of its own when asked, and says null before", async () => {
    const api = await startApi();
    const { chunks, done } = await readEvents(
      await api.chat({ stream: true, stream_options: { include_usage: true } }),
    );
    expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual([null, null, null, null]);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 },
    });
    expect(done).toBe(true);
  });

  test("has text completions on the other endpoint", async () => {
    const api = await startApi();
    const { chunks, done } = await readEvents(await api.complete({ stream: true }));
    expect(chunks.map(({ choices }) => choices?.[0])).toEqual([
      { text: "Hello", index: 0, logprobs: null, finish_reason: null },
      { text: " there", index: 0, logprobs: null, finish_reason: null },
      { text: "", index: 0, logprobs: null, finish_reason: "stop" },
    ]);
    expect(done).toBe(true);
  });

  test("has no chunk for a token that completes no character", async () => {
    const api = await startApi([promptJudged, released(""), released("é"), runEnd("stop")]);
    const { chunks } = await readEvents(await api.chat({ stream: true }));
    expect(chunks.slice(1, -1).map(({ choices }) => choices?.[0]?.delta?.content)).toEqual(["é"]);
  });
});

describe("a stream that a detector stopped", () => {
  test("ends with content_filter, the usage and [DONE]", async () => {
    const api = await startApi(abortedAfter);
    const response = await api.chat(
      { stream: true, stream_options: { include_usage: true } },
      { "x-oversight-policy": "demo" },
    );
    expect(response.status).toBe(200);
    const { chunks, done } = await readEvents(response);
    expect(textOfChunks(chunks)).toBe("Sushi is");
    expect(chunks.at(-2)?.choices).toEqual([{ index: 0, delta: {}, finish_reason: "content_filter" }]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
    expect(done).toBe(true);
  });

  test("carries the oversight object in its last chunk when asked", async () => {
    const api = await startApi(abortedAfter);
    for (const stream_options of [{}, { include_usage: true }]) {
      const response = await api.chat(
        { stream: true, stream_options },
        { "x-oversight-policy": "demo", "x-oversight-details": "true" },
      );
      const trace_id = response.headers.get("x-oversight-trace-id");
      const { chunks } = await readEvents(response);
      expect(chunks.at(-1)?.oversight).toEqual({ trace_id, action: "abort", detectors: ["country-channel"] });
      expect(chunks.slice(0, -1).filter((chunk) => "oversight" in chunk)).toEqual([]);
    }
  });

  test("is an error without [DONE] under a policy that says so", async () => {
    const api = await startApi(abortedAfter);
    const { chunks, done } = await readEvents(await api.chat({ stream: true }, { "x-oversight-policy": "strict" }));
    expect(done).toBe(false);
    expect(chunks.at(-1)).toEqual({
      error: {
        message: "Request blocked by policy 'strict'.",
        type: "invalid_request_error",
        param: null,
        code: "content_filter",
      },
    });
  });

  test("is an ordinary 400 when the prompt was refused before the headers left", async () => {
    const api = await startApi([flagRaised({ released: 0 }), runEnd("abort", { releasedTokens: 0 })]);
    const response = await api.chat({ stream: true }, { "x-oversight-policy": "demo" });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(response.headers.get("x-should-retry")).toBe("false");
  });
});

describe("a prompt that takes long to judge", () => {
  test("lets the headers leave, and a refusal is then in the stream without [DONE]", async () => {
    const events = [flagRaised({ released: 0 }), runEnd("abort", { releasedTokens: 0 })];
    const api = await startApi(() => slowRun(events, 80), { timeouts: SHORT });
    const response = await api.chat({ stream: true });
    expect(response.status).toBe(200);
    const { chunks, done } = await readEvents(response);
    expect(chunks[0]?.choices?.[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks[1]?.error?.code).toBe("content_filter");
    expect([chunks.length, done]).toEqual([2, false]);
  });

  test("sends comments while nothing happens", async () => {
    const api = await startApi(() => slowRun(HELLO, 100), { timeouts: SHORT });
    const text = await (await api.chat({ stream: true })).text();
    expect(text.match(/^:\n\n/gm)?.length ?? 0).toBeGreaterThanOrEqual(2);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });
});

test.each([
  ["unavailable", "oversight_unavailable"],
  ["failed", "oversight_unavailable"],
  ["deadline", "deadline_exceeded"],
] as const)("a run that ended as %s after a token is an error line %s and no [DONE]", async (reason, code) => {
  const api = await startApi([promptJudged, released("a"), runEnd(reason)]);
  const { chunks, done } = await readEvents(await api.chat({ stream: true }));
  expect(chunks.at(-1)?.error?.code).toBe(code);
  expect([chunks.length, done]).toEqual([3, false]);
});

test("a run that ended as unavailable before the headers is a 503 with a time to come back", async () => {
  const api = await startApi([runEnd("unavailable")]);
  const response = await api.chat({ stream: true });
  expect([response.status, response.headers.get("retry-after-ms")]).toEqual([503, "1500"]);
});

test("a stream without an end is an error line, never a whole reply", async () => {
  const api = await startApi([promptJudged, released("half")]);
  const { chunks, done } = await readEvents(await api.chat({ stream: true }));
  expect([chunks.at(-1)?.error?.code, done]).toEqual(["oversight_unavailable", false]);
});

test("each token is delivered when it is released, not with the next", async () => {
  let step = (): void => undefined;
  const gate = () => new Promise<void>((resolve) => (step = resolve));
  const api = await startApi(() => ({
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield promptJudged;
      yield released("first");
      await gate();
      yield runEnd("stop");
    },
  }));
  const response = await api.chat({ stream: true });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("first")) text += (await reader?.read())?.value ?? "";
  expect(text).not.toContain("[DONE]");
  step();
  while (!text.includes("[DONE]")) text += (await reader?.read())?.value ?? "";
  expect(text).toContain('"finish_reason":"stop"');
});

test("a client that leaves mid-stream cancels its run", async () => {
  let cancelled = false;
  const api = await startApi(() => stalledRun([promptJudged, released("a")], () => (cancelled = true)));
  const controller = new AbortController();
  const response = await fetch(`${api.url}/v1/chat/completions`, {
    method: "POST",
    signal: controller.signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, stream: true, messages: [{ role: "user", content: "Hi" }] }),
  });
  expect(response.status).toBe(200);
  controller.abort();
  await eventually(() => cancelled);
  const outcome = await eventually(() => api.outcomes[0]);
  expect(outcome.error).toBe("cancelled");
});

test("a client that does not read holds the run back instead of filling memory", async () => {
  let taken = 0;
  const text = "x".repeat(16_384);
  const api = await startApi(() => ({
    cancel: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield promptJudged;
      for (; taken < 4_000; taken += 1) yield released(text);
      yield runEnd("stop");
    },
  }));
  const body = JSON.stringify({ model: MODEL, stream: true, messages: [{ role: "user", content: "Hi" }] });
  const socket = connect(api.listener.port, "127.0.0.1");
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${api.listener.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await eventually(() => taken > 0);
  let before = -1;
  while (before !== taken) {
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  // 4,000 events are 64 MB; what the kernel's buffers hold is a fraction of that.
  expect(taken).toBeLessThan(2_000);
  socket.destroy();
  await eventually(() => api.outcomes[0]);
});
