import { expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { createLiveFeed, type LiveEvent } from "../../src/review/live-feed.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { HELLO, MODEL } from "./scripted-engine.ts";

test("an answered request is one outcome, one run and one line", async () => {
  let now = 0;
  const api = await startApi(HELLO, { monotonicClock: () => (now += 10) });
  await api.chat({}, { "x-request-id": "mine" });
  const outcome = await eventually(() => api.outcomes[0]);
  expect(outcome).toMatchObject({ operation: "chat", model: MODEL, error: null, end: { reason: "stop" } });
  expect(outcome.durationMs).toBeGreaterThan(outcome.firstDeliveryMs ?? Infinity);
  expect(api.runs).toEqual([
    { operation: "chat", model: MODEL, policy: "default", maxTokens: 1024, end: HELLO.at(-1) },
  ]);
  expect([api.started(), api.rejections]).toEqual([1, []]);
  expect(api.lines).toEqual([
    {
      level: "info",
      message: "a request was answered",
      listener: "api",
      requestId: "mine",
      traceId: expect.stringMatching(/^tr_/),
      method: "POST",
      route: "/v1/chat/completions",
      status: 200,
      statusClass: "2xx",
      operation: "chat",
      model: MODEL,
      policy: "default",
      durationMs: expect.any(Number),
      firstDeliveryMs: expect.any(Number),
      action: "allow",
      waitMs: expect.any(Number),
      prefillMs: expect.any(Number),
      decodeMs: expect.any(Number),
      promptTokens: 11,
      releasedTokens: 2,
    },
  ]);
});

test("a refused request has no run and names its code", async () => {
  const api = await startApi();
  await api.complete({ n: 3 });
  const outcome = await eventually(() => api.outcomes[0]);
  expect(outcome).toMatchObject({
    operation: "text_completion",
    model: undefined,
    error: "unsupported_parameter",
    end: undefined,
  });
  expect([api.runs, api.rejections]).toEqual([[], ["unsupported_parameter"]]);
});

test("a stopped reply is a warning, a refused prompt too, a broken detector an error", async () => {
  for (const [events, level] of [
    [[promptJudged, released("a"), flagRaised(), runEnd("abort")], "warn"],
    [[flagRaised({ released: 0 }), runEnd("abort", { releasedTokens: 0 })], "warn"],
    [[runEnd("unavailable")], "error"],
  ] as const) {
    const api = await startApi(events);
    await (await api.chat({ stream: true }, { "x-oversight-policy": "demo" })).text();
    const line = await eventually(() => api.lines.at(-1));
    expect(line["level"]).toBe(level);
  }
});

test("a line names the detector that broke, the class of its error and the rule, never its message", async () => {
  const scores = [{ ...sampleScore, error: "threw: a word of the prompt" }];
  for (const [end, expected] of [
    [
      runEnd("unavailable", {
        scores,
        decision: { action: "unavailable", detector: "d", rule: "demo.d: on_error closed" },
      }),
      { level: "error", broken: ["d: threw"], rule: "demo.d: on_error closed" },
    ],
    [runEnd("stop", { scores, decision: { action: "continue" } }), { level: "warn", broken: ["d: threw"] }],
  ] as const) {
    const api = await startApi([promptJudged, end]);
    await (await api.chat()).text();
    const line = await eventually(() => api.lines.at(-1));
    expect(line).toMatchObject(expected);
    expect(JSON.stringify(line)).not.toContain("a word of the prompt");
  }
});

const sampleScore = { detector: "d", hash: "0123456789abcdef", score: 1, position: 3, tap: null, fired: false };

test("a run that was over when the client read is counted once", async () => {
  const api = await startApi();
  await (await api.chat({ stream: true })).text();
  await eventually(() => api.outcomes[0]);
  expect(api.runs).toHaveLength(1);
  expect(api.outcomes).toHaveLength(1);
});

test("watchers are told of a run with its ids and policy, and of a request that never ran", async () => {
  const live = createLiveFeed();
  const events: LiveEvent[] = [];
  live.listen((event) => events.push(event));
  const api = await startApi([promptJudged, released("a"), flagRaised(), runEnd("abort")], { live });
  const reply = await api.chat({}, { "x-request-id": "mine", "x-oversight-policy": "demo" });
  const traceId = reply.headers.get("x-oversight-trace-id");
  await api.chat({ n: 3 }, { "x-request-id": "other" });
  await eventually(() => events.length === 4);
  expect(events).toMatchObject([
    { type: "started", request: { traceId, requestId: "mine", operation: "chat", policy: "demo", keyId: null } },
    { type: "flagged", traceId },
    { type: "ended", traceId, reason: "abort" },
    { type: "refused", requestId: "other", operation: "chat", code: "unsupported_parameter" },
  ]);
  expect(live.snapshot()).toMatchObject({ live: [] });
});

test("a run that breaks is no longer live", async () => {
  const live = createLiveFeed();
  const broken = {
    cancel: () => undefined,
    async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent> {
      yield promptJudged;
      throw new Error("the worker is gone");
    },
  };
  const api = await startApi(() => broken, { live });
  expect((await api.chat()).status).toBe(503);
  expect(live.snapshot()).toMatchObject({ live: [] });
});
