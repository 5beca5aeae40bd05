import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { readBody, readError, type ReplyBody } from "./reply-bodies.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { HELLO, MODEL, stalledRun } from "./scripted-engine.ts";

const abortedAfter: readonly RunEvent[] = [
  promptJudged,
  released("S"),
  released("ushi"),
  released(" is"),
  flagRaised(),
  runEnd("abort"),
];
const abortedBefore: readonly RunEvent[] = [
  flagRaised({ released: 0 }),
  runEnd("abort", { releasedTokens: 0, generated: [] }),
];

describe("a reply that ends by itself", () => {
  test("has the shape of a chat completion, with released tokens as usage", async () => {
    const api = await startApi(HELLO, { clock: () => 1_700_000_000_500 });
    const response = await api.chat();
    expect(response.status).toBe(200);
    const body = await readBody(response);
    expect(body).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: "chat.completion",
      created: 1_700_000_000,
      model: MODEL,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello there", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-oversight-policy": "default",
      "x-oversight-release": "gate",
      "x-oversight-action": "allow",
      "x-oversight-trace-id": expect.stringMatching(/^tr_[0-9a-f]{32}$/),
      "x-request-id": expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
  });

  test("has the shape of a text completion on the other endpoint", async () => {
    const api = await startApi();
    const body = await readBody(await api.complete());
    expect(body).toMatchObject({
      object: "text_completion",
      choices: [{ text: "Hello there", index: 0, logprobs: null, finish_reason: "stop" }],
    });
    expect(body.id).toMatch(/^cmpl-/);
  });

  test("says length when the tokens ran out", async () => {
    const api = await startApi([promptJudged, released("a"), runEnd("length", { releasedTokens: 1 })]);
    expect((await readBody(await api.chat())).choices?.[0]?.finish_reason).toBe("length");
  });
});

describe("a reply that a detector stopped", () => {
  test("keeps what was released and says content_filter", async () => {
    const api = await startApi(abortedAfter);
    const response = await api.chat({}, { "x-oversight-policy": "demo" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-oversight-action")).toBe("abort");
    const body = await readBody(response);
    expect(body.choices?.[0]).toMatchObject({ message: { content: "Sushi is" }, finish_reason: "content_filter" });
    expect(body.usage).toEqual({ prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 });
    expect(body).not.toHaveProperty("oversight");
  });

  test("is a refusal of the prompt when nothing was generated", async () => {
    const api = await startApi(abortedBefore);
    const response = await api.chat({}, { "x-oversight-policy": "demo" });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toEqual({
      error: {
        message: "Request blocked by policy 'demo'.",
        type: "invalid_request_error",
        param: null,
        code: "content_filter",
      },
    });
  });

  test("is an error under a policy that says so", async () => {
    const api = await startApi(abortedAfter);
    const response = await api.chat({}, { "x-oversight-policy": "strict" });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-oversight-release")).toBe("window");
    expect((await readError(response)).code).toBe("content_filter");
  });

  test("is recorded under the trace id of its header", async () => {
    const api = await startApi(abortedAfter);
    const response = await api.chat({}, { "x-oversight-policy": "demo", "x-request-id": "mine" });
    expect(response.headers.get("x-request-id")).toBe("mine");
    const trace = await api.traces.get(response.headers.get("x-oversight-trace-id") ?? "");
    expect(trace).toMatchObject({
      state: "complete",
      head: {
        requestId: "mine",
        endpoint: "chat",
        policy: "demo",
        mode: "enforce",
        keyId: null,
        conversation: [{ role: "user", content: "Tell me about sushi." }],
        detectorHashes: { "country-channel": "0123456789abcdef", "audit-approval": "fedcba9876543210" },
      },
    });
  });

  test("names the detector and the trace when the client asks", async () => {
    const api = await startApi(abortedAfter);
    const response = await api.chat({}, { "x-oversight-policy": "demo", "x-oversight-details": "true" });
    const trace_id = response.headers.get("x-oversight-trace-id");
    expect((await readBody(response)).oversight).toEqual({
      trace_id,
      action: "abort",
      detectors: ["country-channel"],
    });
  });
});

test.each([
  ["flag", "flag"],
  ["would_abort", "would_abort"],
  ["observe", "allow"],
] as const)("a run whose strictest decision is %s says %s", async (action, told) => {
  const api = await startApi([promptJudged, released("a"), runEnd("stop", { decision: { action } })]);
  expect((await api.chat()).headers.get("x-oversight-action")).toBe(told);
});

test.each([
  ["unavailable", 503, "oversight_unavailable"],
  ["failed", 503, "oversight_unavailable"],
  ["deadline", 504, "deadline_exceeded"],
  ["cancelled", 503, "not_ready"],
] as const)("a run that ended as %s is %i %s and gives no text", async (reason, status, code) => {
  const api = await startApi([promptJudged, released("secret"), runEnd(reason)]);
  const response = await api.chat();
  expect(response.status).toBe(status);
  const text = await response.text();
  expect((JSON.parse(text) as ReplyBody).error?.code).toBe(code);
  expect(text).not.toContain("secret");
  if (status === 503)
    expect([response.headers.get("retry-after"), response.headers.get("retry-after-ms")]).toEqual(["2", "1500"]);
  else expect(response.headers.get("x-should-retry")).toBe("false");
});

test("a run that stops without an end is never taken for a whole reply", async () => {
  const api = await startApi([promptJudged, released("half")]);
  expect((await api.chat()).status).toBe(503);
});

test("a recorder that breaks is an internal error without internals", async () => {
  const api = await startApi(HELLO, {
    record: () => {
      throw new Error("secret path");
    },
  });
  const response = await api.chat();
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(JSON.stringify(api.lines)).not.toContain("secret path");
});

test("a client that leaves cancels its run", async () => {
  let cancelled = false;
  const api = await startApi(() => stalledRun([promptJudged], () => (cancelled = true)));
  const controller = new AbortController();
  const asked = fetch(`${api.url}/v1/chat/completions`, {
    method: "POST",
    signal: controller.signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hi" }] }),
  });
  await eventually(() => api.requests[0]);
  controller.abort();
  await expect(asked).rejects.toThrow();
  await eventually(() => cancelled);
  const outcome = await eventually(() => api.outcomes[0]);
  expect(outcome).toMatchObject({ error: "cancelled", firstDeliveryMs: null, model: MODEL });
  const report = await eventually(() => api.runs[0]);
  expect(report).toMatchObject({ operation: "chat", policy: "default", end: { reason: "cancelled" } });
});
