import { createHash } from "node:crypto";
import { Router } from "express";
import { expect, onTestFinished, test } from "vitest";
import { ACCESS_FIELDS } from "../../src/http/access-log.ts";
import { createConsoleApp } from "../../src/http/console-app.ts";
import { startListener } from "../../src/http/listener.ts";
import { createReviewPage } from "../../src/review/page.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { notingLog, notingObserver } from "./noting-observer.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { scriptedEngine, stalledRun } from "./scripted-engine.ts";

/** A console with the page and one route of a review API. */
async function startConsole() {
  const { log, lines } = notingLog();
  const review = Router();
  review.get("/api/review/items/:traceId", (_request, response) => void response.status(503).json({}));
  const app = createConsoleApp({
    engine: scriptedEngine([]).engine,
    metrics: { render: async () => ({ contentType: "text/plain", body: "up 1\n" }) },
    review,
    page: createReviewPage(),
    allowedHosts: [],
    allowedOrigins: [],
    limits: { bodyBytes: 256, depth: 4 },
    retryAfterMs: 1_000,
    observer: notingObserver().observer,
    log,
    isDraining: () => false,
  });
  const listener = await startListener({ name: "console", app, host: "127.0.0.1", port: 0, log });
  onTestFinished(() => listener.drain(0).then(() => undefined));
  return { url: listener.url, lines };
}

test("every request leaves one line with its method, declared route and status", async () => {
  const api = await startApi();
  await api.chat();
  await fetch(`${api.url}/v1/models`);
  await fetch(`${api.url}/v1/models/some-name`);
  await fetch(`${api.url}/v1/chat/completions`);
  await fetch(`${api.url}/a/path?with=words`);
  const lines = await eventually(() => (api.lines.length === 5 ? api.lines : undefined));
  expect(
    lines.map(({ method, route, status, statusClass, code }) => [method, route, status, statusClass, code]),
  ).toEqual([
    ["POST", "/v1/chat/completions", 200, "2xx", undefined],
    ["GET", "/v1/models", 200, "2xx", undefined],
    ["GET", "/v1/models/:id", 404, "4xx", "model_not_found"],
    ["GET", "/v1/chat/completions", 405, "4xx", "method_not_allowed"],
    ["GET", "unmatched", 404, "4xx", "not_found"],
  ]);
  expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(5);
  expect(JSON.stringify(lines)).not.toMatch(/some-name|words/);
});

test("what no route saw has a line too: a foreign Host", async () => {
  const api = await startApi();
  await fetch(`${api.url}/v1/models`, { headers: { origin: "https://evil.example" } });
  const line = await eventually(() => api.lines[0]);
  expect(line).toMatchObject({ level: "info", route: "unmatched", status: 403, code: "forbidden_origin" });
});

test("a key is named by its id, on refusals as well", async () => {
  const sha256 = createHash("sha256").update("the-key").digest("hex");
  const api = await startApi(undefined, { keys: [{ id: "app", sha256, mayTighten: false }] });
  await api.chat({ n: 4 }, { authorization: "Bearer the-key" });
  await api.chat({}, { authorization: "Bearer another-key" });
  const [first, second] = await eventually(() => (api.lines.length === 2 ? api.lines : undefined));
  expect(first).toMatchObject({ keyId: "app", code: "unsupported_parameter" });
  expect(second).not.toHaveProperty("keyId");
  expect(JSON.stringify(api.lines)).not.toMatch(/the-key|another-key/);
});

test("a client that leaves before the headers has no status", async () => {
  const api = await startApi(() => stalledRun([]));
  const aborter = new AbortController();
  const asked = fetch(`${api.url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "smollm2-135m-instruct", prompt: "A" }),
    signal: aborter.signal,
  }).catch(() => undefined);
  await eventually(() => api.requests[0]);
  aborter.abort();
  await asked;
  const line = await eventually(() => api.lines[0]);
  expect(line).toMatchObject({ message: "a client left", traceId: expect.stringMatching(/^tr_/) });
  expect(line).not.toHaveProperty("status");
});

test("an error within a stream keeps the status that had left", async () => {
  const api = await startApi([
    promptJudged,
    released("a"),
    runEnd("unavailable", { decision: { action: "unavailable" } }),
  ]);
  await (await api.chat({ stream: true })).text();
  const line = await eventually(() => api.lines[0]);
  expect(line).toMatchObject({ level: "error", status: 200, code: "oversight_unavailable", action: "unavailable" });
});

test("no line has a field that is not listed", async () => {
  const scores = [
    { detector: "d", hash: "0123456789abcdef", score: 1, position: 3, tap: null, fired: false, error: "threw: x" },
  ];
  const scripts = [
    [flagRaised({ released: 0 }), runEnd("abort", { releasedTokens: 0 })],
    [runEnd("unavailable", { scores, decision: { action: "unavailable", rule: "demo.d: on_error closed" } })],
  ];
  for (const script of scripts) {
    const api = await startApi(script);
    await api.chat();
    const { level: _level, message: _message, ...line } = await eventually(() => api.lines[0]);
    expect(ACCESS_FIELDS).toEqual(expect.arrayContaining(Object.keys(line)));
  }
  const broken = await startApi(() => {
    throw new TypeError("a word of the prompt");
  });
  await broken.chat();
  const { level, message: _message, ...line } = await eventually(() => broken.lines[0]);
  expect(level).toBe("error");
  expect(ACCESS_FIELDS).toEqual(expect.arrayContaining(Object.keys(line)));
  expect(JSON.stringify(line)).not.toContain("a word");
});

test("the console's requests have lines, and probes only at the level debug", async () => {
  const { url, lines } = await startConsole();
  for (const path of ["/metrics", "/livez", "/readyz", "/review/review.js", "/api/review/items/tr_1"])
    await (await fetch(`${url}${path}`)).text();
  await eventually(() => lines.length === 5);
  expect(lines.map(({ level, listener, route, status }) => [level, listener, route, status])).toEqual([
    ["debug", "console", "/metrics", 200],
    ["debug", "console", "/livez", 200],
    ["debug", "console", "/readyz", 200],
    ["info", "console", "/review", 200],
    ["error", "console", "/api/review/items/:traceId", 503],
  ]);
});
