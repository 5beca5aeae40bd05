import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { Policy } from "../../src/decide/policy.ts";
import { createGenerations } from "../../src/gateway/apps.ts";
import { defineWith } from "../../src/gateway/definitions.ts";
import { createEngineSeat } from "../../src/gateway/engine-seat.ts";
import type { Running } from "../../src/gateway/running.ts";
import { createServing } from "../../src/gateway/serving.ts";
import { startListener } from "../../src/http/listener.ts";
import type { Metrics } from "../../src/metrics.ts";
import { createLiveFeed } from "../../src/review/live-feed.ts";
import { notingObserver } from "../http/noting-observer.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";
import { fakeEngine } from "./fake-engine.ts";
import { openRig } from "./records-rig.ts";

const key = (perMinute: number) => ({
  id: "one",
  sha256: createHash("sha256").update("sk-one").digest("hex"),
  limits: { requests_per_minute: perMinute },
});

function define(fields: object) {
  const { path, remove } = writeLiveConfig({ detectors: {}, policies: {}, fields });
  const config = loadConfig({ path, environment: {} });
  remove();
  return defineWith(config, []);
}

async function start(fields: object) {
  const { records } = openRig();
  const serving = createServing(define(fields));
  const running = {
    log: noteLog([]),
    model: { prompts: {} },
    records,
    learning: { statistics: async () => ({}), proposals: { list: async () => [], write: async () => ({}) } },
    live: createLiveFeed(),
    assurance: { brake: { apply: (policy: Policy) => policy, active: () => [] } },
    serving,
    state: { draining: false },
    closing: new AbortController(),
  } as unknown as Running;
  const metrics = {
    observer: notingObserver().observer,
    render: async () => ({ contentType: "text/plain", body: "" }),
  } as unknown as Metrics;
  const make = createGenerations(running, metrics);
  const seat = createEngineSeat(fakeEngine(), "00");
  const take = (next: object) => serving.swap(make(define(next), seat));
  take(fields);
  const listen = async (name: "api" | "console") => {
    const listener = await startListener({ name, app: serving[name], host: "127.0.0.1", port: 0, log: running.log });
    onTestFinished(() => listener.drain(0).then(() => undefined));
    return listener.url;
  };
  return { take, api: await listen("api"), console: await listen("console") };
}

test("what a caller used outlives the configuration under which it was used", async () => {
  const { api, take } = await start({ keys: [key(10)] });
  const headers = { authorization: "Bearer sk-one", "content-type": "application/json" };
  const left = async () => {
    const answer = await fetch(`${api}/v1/chat/completions`, { method: "POST", headers, body: "{}" });
    return answer.headers.get("x-ratelimit-remaining-requests");
  };
  expect(await left()).toBe("9");
  take({ keys: [key(10)], limits: { max_stop: 1 } });
  expect(await left()).toBe("8");
  take({ keys: [key(4)] });
  expect(Number(await left())).toBeLessThan(4);
});

test("when the model was loaded stays the same, and who may call is as configured now", async () => {
  const { api, console, take } = await start({});
  const created = async () => ((await (await fetch(`${api}/v1/models`)).json()) as { data: object[] }).data;
  const before = await created();
  take({ api: { port: 0, allowed_origins: ["https://a.example"] }, console: { port: 0 } });
  expect(await created()).toEqual(before);
  const origin = { origin: "https://a.example" };
  expect((await fetch(`${api}/livez`, { headers: origin })).status).toBe(200);
  expect((await fetch(`${console}/livez`, { headers: origin })).status).toBe(403);
  take({ console: { port: 0, allowed_origins: ["https://a.example"] } });
  expect((await fetch(`${api}/livez`, { headers: origin })).status).toBe(403);
  expect((await fetch(`${console}/livez`, { headers: origin })).status).toBe(200);
});

test("a login at the console outlives a configuration, but not its reviewer", async () => {
  const { console, take } = await start({});
  const answer = await fetch(`${console}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"ada"}',
  });
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const status = async () => (await fetch(`${console}/api/review/stats`, { headers: { cookie } })).status;
  expect(await status()).toBe(200);
  take({ limits: { max_stop: 1 } });
  expect(await status()).toBe(200);
  const password = `scrypt$1$1$1$${"a".repeat(22)}$${"b".repeat(43)}`;
  take({ review: { reviewers: [{ name: "lea", role: "lead", password }] } });
  expect(await status()).toBe(401);
});
