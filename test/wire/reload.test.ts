import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashPassword } from "../../src/review/password.ts";
import { CHEAP } from "../review/review-server.ts";
import { logIn } from "../support/console-login.ts";
import { openLiveFiles, type LiveFiles } from "../support/live-files.ts";
import { LIVE_MODEL, startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf, until } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

const CONTENT = "Count from one to ten.";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const key = (id: string, fields: object = {}) => ({ id, sha256: sha256(`sk-${id}`), may_tighten: true, ...fields });
const bearer = (id: string) => ({ authorization: `Bearer sk-${id}` });
const abort = { detectors: { word: { action: "abort" } } };
const flag = { detectors: { word: { action: "flag" } } };
const OPEN = { mode: "monitor", hold_tokens: 0, detectors: {} };
const successful = () => live.metric("oversight_config_last_reload_successful");

let live: LiveGateway;
let files: LiveFiles;
beforeEach(async () => {
  live = await startLive({
    detectors: { word: { at: { generated: 3 } } },
    policies: { demo: abort },
    fields: {
      keys: [key("one"), key("two", { limits: { requests_per_minute: 10 } })],
      reload: { poll_ms: 0 },
      timeouts: { detector_stuck_ms: 2000 },
    },
  });
  files = openLiveFiles(live.folder);
});
afterEach(() => live.stop());

const askAs = (id: string, fields: object = {}, policy = "demo") =>
  ask(live, { content: CONTENT, policy, headers: bearer(id), fields });

describe("a policy that changes", () => {
  test("holds from the next request on, with the engine that there is; a stream ends under the one it began with", async () => {
    const { engine } = live.gateway;
    const stream = await openStream(live, {
      content: "Tell me a long story.",
      headers: bearer("one"),
      fields: { max_tokens: 120 },
    });
    await stream.readTokens(2);
    files.setFields({ policies: { open: OPEN, demo: flag }, default_policy: "demo" });
    expect(await live.gateway.reload()).toMatchObject({
      ok: true,
      engine: "kept",
      changed: ["default_policy", "policies.demo"],
    });
    expect(live.gateway.engine).toBe(engine);
    expect(await askAs("one")).toMatchObject({ finishReason: "length", oversight: { action: "flag" } });
    await stream.readToEnd();
    expect(stream.headers.get("x-oversight-policy")).toBe("open");
    expect(stream.tokens).toBe(120);
    expect(await successful()).toBe(1);
  });

  test("that is written again without a change is no reload", async () => {
    files.setText(`# a comment\n${files.readText()}`);
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "kept", changed: [] });
    expect(live.lines.join("\n")).not.toContain("loaded again");
  });
});

describe("a detector that changes", () => {
  test("comes with an engine of its own, beside that of before, which finishes and is closed", async () => {
    const { engine } = live.gateway;
    const before = await live.metric("oversight_config_last_reload_timestamp_seconds");
    const stream = await openStream(live, {
      content: "Tell me a long story.",
      headers: bearer("one"),
      fields: { max_tokens: 150 },
    });
    await stream.readTokens(1);
    expect(await askAs("one")).toMatchObject({ finishReason: "content_filter", usage: { completion_tokens: 3 } });
    files.setDetector("word", { at: { generated: 5 } });
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new", changed: ["detectors/word"] });
    expect(live.gateway.engine).not.toBe(engine);
    const later = await askAs("one");
    expect(later).toMatchObject({ finishReason: "content_filter", usage: { completion_tokens: 5 } });
    await stream.readToEnd();
    expect(stream.tokens).toBe(150);
    await until(() => engine.status().state === "closed");
    expect(live.gateway.engine.status().state).toBe("ready");
    const { hash } = (await live.gateway.reload()) as { hash: string };
    expect(await live.metric(`oversight_config_hash_info{hash="${hash}"}`)).toBe(1);
    expect(await live.metric("oversight_config_last_reload_timestamp_seconds")).toBeGreaterThan(before);
    const trace = await live.traces.get(traceIdOf(later));
    const rows = await live.scores.list({ limit: 9 });
    const row = rows.find(({ traceId }) => traceId === traceIdOf(later));
    expect(row?.scores[0]?.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(trace?.head.detectorHashes["word"]).toBe(row?.scores[0]?.hash);
  });

  test("is judged by under a new name, too, and counted from 0 on", async () => {
    files.setDetector("fresh", { at: { generated: 1 } });
    files.setFields({ policies: { open: OPEN, demo: { detectors: { fresh: { action: "abort" } } } } });
    expect(await live.gateway.reload()).toMatchObject({
      ok: true,
      engine: "new",
      changed: ["policies.demo", "detectors/fresh"],
    });
    expect(await live.metric('oversight_aborts_total{detector="fresh",policy="demo"}')).toBe(0);
    expect(await askAs("one")).toMatchObject({ usage: { completion_tokens: 1 } });
    expect(await live.metric('oversight_aborts_total{detector="fresh",policy="demo"}')).toBe(1);
  });

  test.each<[string, () => void, RegExp]>([
    ["that is no YAML", () => files.setDetectorText("word", "kind: ["), /word\.yaml:\d+/],
    ["that is gone", () => files.removeDetector("word"), /demo\.detectors\.word: there is no detector/],
    [
      "that throws on an ordinary sentence",
      () => files.setDetector("word", { at: { prompt: 1 }, does: "throw" }),
      /word breaks on an ordinary sentence: threw: the script says so/,
    ],
    [
      "that gives no number",
      () => files.setDetector("word", { at: { prompt: 1 }, does: "nan" }),
      /word breaks on an ordinary sentence/,
    ],
    [
      "that never comes back",
      () => files.setDetector("word", { at: { prompt: 1 }, does: "hang" }),
      /word\.yaml: word breaks on an ordinary sentence: stuck: detector word did not come back from score within 2000 ms/,
    ],
    ["whose configuration is cut off", () => files.setText(files.readText().slice(0, -9)), /gateway\.yaml/],
    [
      "in a file that also moves a port",
      () => files.setFields({ api: { port: 1 }, policies: { open: OPEN, demo: flag } }),
      /gateway\.yaml api\.port: needs a restart \(cure: restart the gateway, or put the value back\)/,
    ],
  ])("%s changes nothing, and is told", async (_what, spoil, says) => {
    const { engine } = live.gateway;
    const good = [files.readText(), { at: { generated: 3 } }] as const;
    spoil();
    expect(await live.gateway.reload()).toMatchObject({ ok: false });
    expect(await successful()).toBe(0);
    expect(live.lines.join("\n")).toMatch(says);
    expect(live.gateway.engine).toBe(engine);
    expect(await askAs("one")).toMatchObject({ finishReason: "content_filter", usage: { completion_tokens: 3 } });
    files.setText(good[0]);
    files.setDetector("word", good[1]);
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "kept", changed: [] });
    expect(await successful()).toBe(1);
  });
});

describe("keys and limits that change", () => {
  test("hold at once: a key that is gone gets 401 and its stream goes on; what another used stays used", async () => {
    expect((await askAs("two", { max_tokens: 1 })).headers.get("x-ratelimit-remaining-requests")).toBe("9");
    const stream = await openStream(live, { content: "Tell me.", headers: bearer("one"), fields: { max_tokens: 60 } });
    await stream.readTokens(1);
    files.setFields({ keys: [key("two", { limits: { requests_per_minute: 3 } })] });
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "kept", changed: ["keys"] });
    expect(await askAs("one")).toMatchObject({ status: 401 });
    await stream.readToEnd();
    expect(stream.tokens).toBe(60);
    const left = Number((await askAs("two", { max_tokens: 1 })).headers.get("x-ratelimit-remaining-requests"));
    expect(left).toBeLessThanOrEqual(2);
  });

  test("hold from a request's headers on: a body that comes after the reload is served as before it", async () => {
    const body = JSON.stringify({ model: LIVE_MODEL, messages: [{ role: "user", content: "Hi" }], max_tokens: 2 });
    const { hostname, port } = new URL(live.api);
    const headers = { ...bearer("one"), "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ hostname, port, path: "/v1/chat/completions", method: "POST", headers });
    const status = new Promise((resolve) => sent.on("response", (response) => resolve(response.resume().statusCode)));
    sent.write(body.slice(0, 10));
    const { engine } = live.gateway;
    await until(async () => (await live.metric("oversight_in_flight_requests")) === 1);
    files.setFields({ keys: [key("two")] });
    files.setDetector("word", { at: { generated: 4 } });
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new" });
    expect(engine.status().state).toBe("ready");
    sent.end(body.slice(10));
    expect(await status).toBe(200);
    await until(() => engine.status().state === "closed");
    expect(await askAs("one")).toMatchObject({ status: 401 });
  });
});

test("reviewers that change hold from the next request of the console on, and everything is in the audit log", async () => {
  const { headers } = await logIn(live.console);
  const read = (path: string) => fetch(`${live.console}/api/${path}`, { headers });
  const good = files.readText();
  files.setFields({ keys: [key("one")] });
  await live.gateway.reload();
  files.setText("{");
  await live.gateway.reload();
  const { entries } = (await (await read("review/audit?limit=10")).json()) as {
    entries: { event: string; actor: string; detail: Record<string, unknown> }[];
  };
  expect(entries.map(({ event, actor }) => `${event} ${actor}`).slice(0, 2)).toEqual([
    "config_refused gateway",
    "config_loaded gateway",
  ]);
  expect(entries[1]?.detail).toMatchObject({ changed: "keys", engine: "kept" });
  expect(entries[0]?.detail).toMatchObject({ first: expect.stringContaining("gateway.yaml") });
  files.setText(good);
  files.setFields({ review: { reviewers: [{ name: "lea", role: "lead", password: await hashPassword("x", CHEAP) }] } });
  expect(await live.gateway.reload()).toMatchObject({ ok: true, changed: ["keys", "review.reviewers"] });
  // Who logged in as anyone is nobody now.
  expect((await read("review/audit")).status).toBe(401);
  expect((await logIn(live.console, "lea", "x")).session.role).toBe("lead");
});
