import { request, type OutgoingHttpHeaders } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { hashPassword } from "../../src/review/password.ts";
import { AWKWARD_TEXT, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { CHEAP, startReviewServer, type ServerChanges } from "./review-server.ts";

const ID = traceId(1);
const item = (verb: string) => `items/${ID}/${verb}`;

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  await server.add(sampleTrace());
  return server;
}

async function startWithRoles() {
  const password = await hashPassword("correct horse battery", CHEAP);
  const reviewers = [
    { name: "ada", role: "reviewer", password },
    { name: "bo", role: "reviewer", password },
    { name: "lea", role: "lead", password },
  ] as const;
  const server = await start({ settings: { reviewers, secondOpinion: 1 } });
  const enter = async (name: string) => (await server.login(name, "correct horse battery")).call;
  return { ...server, ada: await enter("ada"), bo: await enter("bo"), lea: await enter("lea") };
}

test("a claim names its trace, token and end, and is held by the reviewer of the session", async () => {
  const { login, queue } = await start();
  const { call } = await login("ada");
  const { claim } = (await call("claim", {})).body;
  expect(claim).toEqual({ traceId: ID, token: expect.stringMatching(/./), leaseUntil: expect.any(Number) });
  expect(await queue.get(ID)).toMatchObject({ claimedBy: "ada" });
  expect((await call("claim", { detectors: ["other"] })).body).toEqual({ claim: null });
  expect((await call("claim", { reviewer: "mallory" })).status).toBe(400);
});

test("a token is no use to another reviewer", async () => {
  const { login } = await start();
  const [ada, bo] = [await login("ada"), await login("bo")];
  const { claim } = (await ada.call("claim", { traceId: ID })).body;
  const verdict = { verdict: "unsure", token: claim.token };
  expect((await bo.call(item("decide"), verdict)).body).toMatchObject({ error: { code: "conflict" } });
  expect((await ada.call(item("decide"), verdict)).body).toMatchObject({
    next: "decided",
    decision: { reviewer: "ada" },
  });
});

test("a verdict goes to a second reviewer, a contradiction to a lead, and no one else gets it", async () => {
  const { ada, bo, lea, decisions } = await startWithRoles();
  expect((await ada(item("decide"), { verdict: "true_positive", note: "Japan" })).body.next).toBe("second");
  // What the first one said is not for the second one to see.
  expect((await bo(`items/${ID}`)).body.decisions).toEqual([]);
  expect((await lea(`items/${ID}`)).body.decisions).toEqual([]);
  expect((await ada(`items/${ID}`)).body.decisions).toMatchObject([{ note: "Japan" }]);
  expect((await ada("claim", { traceId: ID })).body.claim).toBeNull();
  expect((await bo(item("decide"), { verdict: "false_positive" })).body.next).toBe("escalated");
  expect((await bo("claim", { traceId: ID })).body).toMatchObject({ error: { code: "role_required" } });
  expect((await ada(item("decide"), { verdict: "unsure" })).body).toMatchObject({ error: { code: "role_required" } });
  expect((await lea(`items/${ID}`)).body.decisions).toHaveLength(2);
  expect((await lea(item("decide"), { verdict: "true_positive" })).body.next).toBe("decided");
  expect(await decisions.latest(ID)).toMatchObject({ stage: "escalated", reviewer: "lea" });
});

test("an undo brings the item back", async () => {
  const { login, queue } = await start();
  const { call } = await login("ada");
  await call(item("decide"), { verdict: "true_positive" });
  expect((await call(item("undo"), {})).body.decision).toMatchObject({ verdict: "withdrawn", reviewer: "ada" });
  expect(await queue.get(ID)).toMatchObject({ state: "waiting" });
  expect((await call(item("undo"), {})).status).toBe(409);
});

test("notes are kept to the letter, and another's are not shown to a second reviewer", async () => {
  const { ada, bo } = await startWithRoles();
  expect((await ada(item("note"), { text: AWKWARD_TEXT })).status).toBe(200);
  expect((await bo(`items/${ID}`)).body.notes).toEqual([
    { reviewer: "ada", at: expect.any(Number), text: AWKWARD_TEXT.trim() },
  ]);
  await ada(item("decide"), { verdict: "unsure" });
  expect((await bo(`items/${ID}`)).body.notes).toEqual([]);
  for (const text of ["", "  ", "x".repeat(10_001)]) expect((await ada(item("note"), { text })).status).toBe(400);
  expect((await ada(`items/${traceId(7)}/note`, { text: "x" })).status).toBe(404);
});

test("an item that was given up is revived by a lead", async () => {
  const { ada, lea, queue, database } = await startWithRoles();
  expect((await lea(item("revive"), {})).body).toMatchObject({ error: { code: "conflict" } });
  database.prepare("UPDATE review_items SET state = 'dead'").run();
  expect((await ada(item("revive"), {})).body).toMatchObject({ error: { code: "role_required" } });
  expect((await ada(item("decide"), { verdict: "unsure" })).body).toMatchObject({ error: { code: "conflict" } });
  expect((await lea(item("revive"), {})).body).toEqual({ revived: true });
  expect(await queue.get(ID)).toMatchObject({ state: "waiting" });
  expect((await lea(`items/${traceId(7)}/revive`, {})).status).toBe(404);
});

test("everything that is done is in the audit log, and one reader makes one entry", async () => {
  const { login, audit, add } = await start();
  await add(sampleTrace({ head: sampleHead(2) }));
  const { call } = await login("ada");
  await call(`items/${ID}`);
  await call(`items/${ID}`);
  const { claim } = (await call("claim", { traceId: ID })).body;
  await call(item("heartbeat"), { token: claim.token });
  await call(item("release"), { token: claim.token });
  await call(item("note"), { text: "hm" });
  await call(item("decide"), { verdict: "true_positive" });
  await call(item("undo"), {});
  await call(item("decide"), { verdict: "escalate" });
  const entries = (await audit.list({ limit: 99 })).map(({ entry }) => entry).toReversed();
  const events = ["login", "view", "claim", "release", "note", "decide", "undo", "escalate"];
  expect(entries.map(({ event }) => event)).toEqual(events);
  expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(["ada"]));
  expect(entries.slice(1).map((entry) => entry.traceId)).toEqual(events.slice(1).map(() => ID));
  expect(await audit.verify()).toBeUndefined();
});

test("a conversation that cannot be entered in the audit log is not shown", async () => {
  const { login } = await start({
    parts: {
      audit: { add: () => Promise.reject(new Error("full")), list: async () => [], verify: async () => undefined },
    },
  });
  const { call } = await login("ada");
  expect((await call(`items/${ID}`)).status).toBe(500);
});

/** Sends a path as it stands: `fetch` would resolve its dots. */
function statusOf(origin: string, path: string, headers: OutgoingHttpHeaders): Promise<number> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

test("no path leads elsewhere", async () => {
  const { origin, login } = await start();
  const { cookie } = await login("ada");
  expect(await statusOf(origin, "/api/review/stats", { cookie })).toBe(200);
  const paths = [
    "items/..%2f..%2fetc%2fpasswd",
    "items/%2e%2e/stats",
    "items/%00",
    "items/tr_%27",
    "items/%E0%A4%A",
    "items/%5c..%5cx",
  ];
  for (const path of paths) {
    const status = await statusOf(origin, `/api/review/${path}`, { cookie });
    expect([path, [400, 404].includes(status)]).toEqual([path, true]);
  }
  for (const path of ["/API/review/stats", "/api/review/stats/", "/api//review/stats", "/api/%72eview/stats"])
    expect([path, (await statusOf(origin, path, { cookie })) === 404]).toEqual([path, true]);
});
