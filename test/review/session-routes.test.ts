import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { ReviewerConfig } from "../../src/config/review-config.ts";
import { hashPassword } from "../../src/review/password.ts";
import { sampleTrace } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { CHEAP, startReviewServer, type ServerChanges } from "./review-server.ts";

const PASSWORD = "correct horse battery";
let reviewers: ReviewerConfig[];
beforeAll(async () => {
  const password = await hashPassword(PASSWORD, CHEAP);
  reviewers = [
    { name: "ada", role: "reviewer", password },
    { name: "lea", role: "lead", password },
  ];
});

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: object) => {
    const type = { "content-type": "application/json" };
    const options =
      body === undefined
        ? { method, headers }
        : { method, headers: { ...type, ...headers }, body: JSON.stringify(body) };
    const response = await fetch(`${server.origin}/api/${path}`, options);
    return { status: response.status, headers: response.headers, body: (await response.json()) as never };
  };
  return { ...server, send };
}

test("without reviewers any name logs in and is a lead", async () => {
  const { send, login } = await start();
  expect((await send("GET", "session")).body).toEqual({ session: null, passwords: false });
  const { session, cookie } = await login(" mallory ");
  expect(session).toMatchObject({ reviewer: "mallory", role: "lead", csrf: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect((await send("GET", "session", { cookie })).body).toEqual({ session, passwords: false });
  for (const name of ["", "  ", "a\u200bb", "a\u0000", "\u202eada", "x".repeat(101)])
    expect((await send("POST", "session", {}, { name })).status).toBe(400);
});

test("with reviewers it takes the name and its password, and the role is the configured one", async () => {
  const { send, login, audit } = await start({ settings: { reviewers } });
  expect((await login("ada", PASSWORD)).session).toMatchObject({ reviewer: "ada", role: "reviewer" });
  expect((await login("lea", PASSWORD)).session.role).toBe("lead");
  for (const given of [{ name: "ada", password: "wrong" }, { name: "ada" }, { name: "mallory", password: PASSWORD }]) {
    const refused = await send("POST", "session", {}, given);
    expect(refused).toMatchObject({ status: 401, body: { error: { code: "login_failed" } } });
    expect(refused.headers.get("set-cookie")).toBeNull();
  }
  const entries = (await audit.list({ limit: 9 })).map(({ entry }) => [entry.actor, entry.event]);
  expect(entries.toReversed()).toEqual([
    ["ada", "login"],
    ["lea", "login"],
    ["ada", "login_failed"],
    ["ada", "login_failed"],
    ["", "login_failed"],
  ]);
  expect(JSON.stringify(await audit.list({ limit: 9 }))).not.toContain(PASSWORD);
});

test("an unknown name takes as long as a wrong password", async () => {
  const password = await hashPassword(PASSWORD);
  const { login } = await start({ settings: { reviewers: [{ name: "ada", role: "lead", password }] } });
  const timed = async (name: string) => {
    const before = performance.now();
    await login(name, "wrong");
    return performance.now() - before;
  };
  const known = Math.min(await timed("ada"), await timed("ada"));
  const unknown = Math.min(await timed("mallory"), await timed("mallory"));
  expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(4);
});

test("after five wrong passwords the right one is refused, too, until the wait is over", async () => {
  let passedMs = 0;
  const { login, send } = await start({ settings: { reviewers }, passedMs: () => passedMs });
  for (let count = 0; count < 5; count += 1) expect((await login("ada", "wrong")).status).toBe(401);
  const refused = await send("POST", "session", {}, { name: "ada", password: PASSWORD });
  expect(refused).toMatchObject({ status: 429, body: { error: { code: "too_many_attempts" } } });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(800);
  passedMs = 901_000;
  expect((await login("ada", PASSWORD)).status).toBe(200);
});

test("a token that was planted before the login is worth nothing after it", async () => {
  const { login, send } = await start();
  const planted = "ab".repeat(32);
  const answer = await send("POST", "session", { cookie: `lensgate_session=${planted}` }, { name: "ada" });
  const given = /lensgate_session=([0-9a-f]{64});/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
  expect(given).toMatch(/^[0-9a-f]{64}$/);
  expect(given).not.toBe(planted);
  expect((await send("GET", "review/stats", { cookie: `lensgate_session=${planted}` })).status).toBe(401);
  // A session that stood, of the attacker's own making, ends when someone logs in over it.
  const own = await login("mallory");
  await send("POST", "session", { cookie: own.cookie }, { name: "ada" });
  expect((await send("GET", "review/stats", { cookie: own.cookie })).status).toBe(401);
});

test("logging out takes the token, with or without a body, and ends the session", async () => {
  const { login, send, audit } = await start();
  const one = await login("ada");
  expect((await send("DELETE", "session", { cookie: one.cookie })).status).toBe(403);
  const headers = { cookie: one.cookie, "x-csrf-token": one.session.csrf };
  const out = await send("DELETE", "session", headers);
  expect(out).toMatchObject({ status: 200, body: { session: null } });
  expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  expect((await send("GET", "session", { cookie: one.cookie })).body).toEqual({ session: null, passwords: false });
  expect((await send("DELETE", "session", headers, {})).status).toBe(401);
  expect((await audit.list({ limit: 1 }))[0]?.entry).toMatchObject({ actor: "ada", event: "logout" });
});

test("a session ends by itself", async () => {
  let passedMs = 0;
  const { login } = await start({ passedMs: () => passedMs });
  const { call } = await login("ada");
  expect((await call("stats")).status).toBe(200);
  passedMs = 3_600_001;
  expect((await call("stats")).status).toBe(401);
});

test("every route but the login refuses whoever has no session, and every change a missing or foreign token", async () => {
  const { send, login, add } = await start({ parts: { statistics: async () => ({}) } });
  await add(sampleTrace());
  const [ada, bo] = [await login("ada"), await login("bo")];
  const id = sampleTrace().head.id;
  const reads = ["stats", "events", "items", `items/${id}`, "statistics", "proposals", "audit", "elsewhere"];
  for (const path of reads) expect([path, (await send("GET", `review/${path}`)).status]).toEqual([path, 401]);
  const verbs = ["heartbeat", "release", "decide", "undo", "note", "revive"].map((verb) => `items/${id}/${verb}`);
  for (const path of [...verbs, "claim", "proposals/country-channel"]) {
    const tries = [{}, { "x-csrf-token": ada.session.csrf }, { cookie: ada.cookie }];
    const foreign = { cookie: ada.cookie, "x-csrf-token": bo.session.csrf };
    const statuses = [];
    for (const headers of [...tries, foreign])
      statuses.push((await send("POST", `review/${path}`, headers as Record<string, string>, {})).status);
    expect([path, ...statuses]).toEqual([path, 401, 401, 403, 403]);
  }
});
