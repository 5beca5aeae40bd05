import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, eventsOf, readReply, send, traceIdOf, until } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

const TOTAL_MS = 3_000;
/** No reply of this length is whole within the deadline. */
const LONG = { max_tokens: 600 };
const CONTENT = "Tell me a very long story.";

let live: LiveGateway;
beforeAll(async () => {
  live = await startLive({
    detectors: { "third-token": { at: { generated: 2 } } },
    policies: { flag: { hold_tokens: 1, detectors: { "third-token": { action: "flag" } } } },
    fields: {
      engine: { slots: 2, waiting_limit: 1, context_tokens: 1024 },
      timeouts: { total_ms: TOTAL_MS, retry_after_ms: 1_500 },
    },
  });
});
afterAll(() => live.stop());

const load = () => live.gateway.engine.status();
const isIdle = () => load().running === 0 && load().waiting === 0;

describe("a client that leaves", () => {
  test("frees the slot within a step or two, streamed", async () => {
    const stream = await openStream(live, { content: CONTENT, fields: LONG });
    await stream.readTokens(2);
    expect(load().running).toBe(1);
    stream.leave();
    await until(isIdle, 1_000);
  });

  test("frees the slot within a step or two, whole", async () => {
    const controller = new AbortController();
    const answer = send(live, { content: CONTENT, fields: LONG, signal: controller.signal });
    await until(() => load().running === 1);
    controller.abort();
    await expect(answer).rejects.toThrow();
    await until(isIdle, 1_000);
  });

  test("leaves the waiting line, too", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const answers = [1, 2, 3].map(() => send(live, { content: CONTENT, fields: LONG, signal }));
    await until(() => load().running === 2 && load().waiting === 1);
    controller.abort();
    await Promise.allSettled(answers);
    await until(isIdle, 1_000);
  });

  test("after a firing, leaves an interrupted trace that waits for review", async () => {
    const stream = await openStream(live, { content: CONTENT, policy: "flag", fields: LONG });
    await stream.readTokens(4);
    stream.leave();
    const id = traceIdOf(stream);
    await until(() => live.itemOf(id));
    const trace = await live.traces.get(id);
    expect(trace).toMatchObject({ state: "interrupted", queued: true, end: { reason: "cancelled" } });
    expect(trace?.end?.releasedTokens).toBeGreaterThanOrEqual(4);
    expect(trace?.end?.generated.length).toBeLessThan(60);
    expect(await live.itemOf(id)).toMatchObject({ action: "flag", detector: "third-token", state: "waiting" });
  });

  test("before a firing, leaves a score row alone", async () => {
    const rows = await live.scores.count();
    const stream = await openStream(live, { content: CONTENT, policy: "flag", fields: LONG });
    stream.leave();
    await until(async () => (await live.scores.count()) > rows);
    expect((await live.scores.list({ limit: 1 }))[0]).toMatchObject({ reason: "cancelled", policy: "flag" });
    await until(async () => (await live.metric("oversight_client_cancelled_total")) > 0);
  });
});

describe("a full gateway", () => {
  test("refuses what does not fit the line, at once, and everyone else meets the deadline", async () => {
    const whole = ask(live, { content: CONTENT, policy: "flag", fields: LONG });
    const streamed = ask(live, { content: CONTENT, policy: "flag", stream: true, fields: LONG });
    await until(() => load().running === 2);
    const waiting = ask(live, { content: CONTENT, fields: LONG });
    await until(() => load().waiting === 1);

    const startedAt = performance.now();
    const refused = await ask(live, { content: CONTENT, stream: true });
    expect(performance.now() - startedAt).toBeLessThan(TOTAL_MS / 2);
    expect(refused).toMatchObject({ status: 503, error: { code: "overloaded", type: "server_error", param: null } });
    expect(refused.headers.get("retry-after")).toBe("2");
    expect(refused.headers.get("retry-after-ms")).toBe("1500");

    for (const late of [await whole, await waiting]) {
      expect(late).toMatchObject({ status: 504, text: "", error: { code: "deadline_exceeded", type: "server_error" } });
      expect(late.headers.get("x-should-retry")).toBe("false");
    }
    const cut = await streamed;
    expect(cut).toMatchObject({ status: 200, done: false, error: { code: "deadline_exceeded" }, finishReason: null });
    expect(cut.tokens.length).toBeGreaterThan(2);
    await until(isIdle, 1_000);
    for (const late of [await whole, cut]) {
      const trace = await live.traces.get(traceIdOf(late));
      expect(trace).toMatchObject({ state: "interrupted", queued: true, end: { reason: "deadline" } });
    }
    await until(async () => (await live.metric('oversight_rejections_total{reason="deadline_exceeded"}')) === 3);
    expect(await live.metric('oversight_rejections_total{reason="overloaded"}')).toBe(1);
    await until(async () => (await live.metric("oversight_in_flight_requests")) === 0);
    expect(await live.metric("oversight_queue_depth")).toBe(0);
  });
});

describe("an engine that dies", () => {
  test("ends every reply with an error, is not ready meanwhile, and comes back", async () => {
    const stream = await openStream(live, { content: CONTENT, policy: "flag", fields: LONG });
    await stream.readTokens(4);
    const whole = send(live, { content: CONTENT, fields: LONG });
    await until(() => load().running === 2);
    await live.gateway.engine.crash();

    const ready = await fetch(`${live.api}/readyz`);
    expect([ready.status, (await fetch(`${live.console}/readyz`)).status]).toEqual([503, 503]);
    expect(await ready.json()).toMatchObject({ error: { code: "not_ready" } });
    expect((await fetch(`${live.api}/livez`)).status).toBe(200);
    const refused = await ask(live, { content: "Hi" });
    expect(refused).toMatchObject({ status: 503, error: { code: "oversight_unavailable" } });
    expect(refused.headers.get("retry-after-ms")).toBe("1500");

    await stream.readToEnd();
    const events = eventsOf(stream.text);
    expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({ error: { code: "oversight_unavailable" } });
    expect(events).not.toContain("[DONE]");
    expect(await readReply(await whole)).toMatchObject({ status: 503, error: { code: "oversight_unavailable" } });
    const trace = await live.traces.get(traceIdOf(stream));
    expect(trace).toMatchObject({ state: "interrupted", queued: true, end: { reason: "failed" } });

    await until(async () => (await fetch(`${live.api}/readyz`)).status === 200, 20_000);
    expect(await ask(live, { content: "Hi" })).toMatchObject({ status: 200, finishReason: "length" });
    expect(await live.metric("oversight_engine_restarts_total")).toBe(1);
  });
});
