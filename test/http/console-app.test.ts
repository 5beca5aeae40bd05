import { Router } from "express";
import { expect, onTestFinished, test } from "vitest";
import { createConsoleApp } from "../../src/http/console-app.ts";
import { startListener } from "../../src/http/listener.ts";
import type { ConsoleOptions } from "../../src/http/options.ts";
import { createReviewPage } from "../../src/review/page.ts";
import { notingLog, notingObserver } from "./noting-observer.ts";
import { scriptedEngine } from "./scripted-engine.ts";

async function startConsole(changes: Partial<ConsoleOptions> = {}) {
  const { log, lines } = notingLog();
  const app = createConsoleApp({
    engine: scriptedEngine([]).engine,
    metrics: { render: async () => ({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }) },
    allowedHosts: [],
    allowedOrigins: [],
    limits: { bodyBytes: 256, depth: 4 },
    retryAfterMs: 1_000,
    observer: notingObserver().observer,
    log,
    isDraining: () => false,
    ...changes,
  });
  const listener = await startListener({ name: "console", app, host: "127.0.0.1", port: 0, log });
  onTestFinished(() => listener.drain(0).then(() => undefined));
  return { url: listener.url, lines };
}

function echoRouter(): Router {
  const router = Router();
  router.post("/api/review/claim", (request, response) => void response.json({ body: request.body as unknown }));
  return router;
}

test("metrics and probes answer", async () => {
  const { url } = await startConsole();
  const metrics = await fetch(`${url}/metrics`);
  expect(await metrics.text()).toBe("up 1\n");
  expect(metrics.headers.get("content-type")).toContain("version=0.0.4");
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test("metrics that can not be read are an internal error, and the console lives", async () => {
  const { url } = await startConsole({ metrics: { render: () => Promise.reject(new Error("broken")) } });
  expect((await fetch(`${url}/metrics`)).status).toBe(500);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test("the generating routes are not here", async () => {
  const { url } = await startConsole({ review: echoRouter() });
  expect((await fetch(`${url}/v1/models`)).status).toBe(404);
  expect((await fetch(`${url}/v1/chat/completions`, { method: "POST" })).status).toBe(404);
});

test("the review API gets a parsed body, and only JSON from an allowed origin", async () => {
  const { url } = await startConsole({ review: echoRouter() });
  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${url}/api/review/claim`, { method: "POST", body, headers });
  const json = { "content-type": "application/json" };
  expect(await (await post('{"a":1}', json)).json()).toEqual({ body: { a: 1 } });
  expect((await post("a=1", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(415);
  expect((await post("{", json)).status).toBe(400);
  expect((await post("[[[[[]]]]]", json)).status).toBe(400);
  expect((await post(`"${"x".repeat(300)}"`, json)).status).toBe(413);
  expect((await post("{}", { ...json, origin: "https://evil.example" })).status).toBe(403);
});

test("a DELETE may come without a body, and one that it brings is read like any other", async () => {
  const router = Router();
  router.delete("/api/session", (request, response) => void response.json({ body: (request.body as unknown) ?? null }));
  const { url } = await startConsole({ review: router });
  const headers = { "content-type": "application/json" };
  const remove = (options: object) => fetch(`${url}/api/session`, { method: "DELETE", ...options });
  expect(await (await remove({})).json()).toEqual({ body: null });
  expect(await (await remove({ headers, body: "{}" })).json()).toEqual({ body: {} });
  expect((await remove({ headers, body: "{" })).status).toBe(400);
  expect((await remove({ body: "x" })).status).toBe(415);
});

test("the review page has a strict policy, and the root leads there", async () => {
  const { url } = await startConsole({ page: createReviewPage() });
  const root = await fetch(url, { redirect: "manual" });
  expect([root.status, root.headers.get("location")]).toEqual([302, "/review/"]);
  const page = await fetch(`${url}/review/`);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect((await fetch(`${url}/review`)).url).toBe(`${url}/review/`);
});

test("without a page everything else is a 404 under a policy without scripts from elsewhere", async () => {
  const { url } = await startConsole();
  const response = await fetch(url);
  expect(response.status).toBe(404);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*/);
});
