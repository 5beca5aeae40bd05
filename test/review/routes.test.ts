import { expect, onTestFinished, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import {
  AWKWARD_TEXT,
  sampleFinding,
  sampleEvidence,
  sampleHead,
  sampleTrace,
  traceId,
  sampleDecision,
} from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  const { call } = await server.login();
  return { ...server, call };
}

const CONFLICT = {
  error: { message: expect.any(String), type: "invalid_request_error", param: null, code: "conflict" },
};

test("the list shows items by urgency with the last turn of their request, filtered by state", async () => {
  const { add, call } = await start();
  const flagged = sampleEvidence({ decision: { action: "flag" } });
  await add(sampleTrace({ head: sampleHead(1), evidence: [flagged] }));
  await add(
    sampleTrace({
      head: sampleHead(2, {
        conversation: [
          { role: "user", content: AWKWARD_TEXT },
          { role: "assistant", content: "x" },
        ],
      }),
    }),
  );
  const { body, headers } = await call("items");
  expect(body.items.map((item) => item.traceId)).toEqual([traceId(2), traceId(1)]);
  expect(body.items[0]).toMatchObject({
    preview: AWKWARD_TEXT,
    name: "Japan",
    state: "waiting",
    action: "abort",
    traceState: "complete",
  });
  expect(headers.get("cache-control")).toBe("no-store");
  await call("claim", {});
  expect((await call("items?state=waiting")).body.items).toHaveLength(1);
  expect((await call("items?state=claimed&limit=1&offset=1")).body.items).toEqual([]);
});

test("an item comes with its trace, its place in the queue and its verdicts", async () => {
  const { add, call, decisions } = await start();
  await add(sampleTrace());
  await decisions.add(sampleDecision(1, { decidedAt: 7 }));
  const { body } = await call(`items/${traceId(1)}`);
  expect(body).toMatchObject({
    item: { state: "waiting", priority: expect.any(Number) },
    trace: {
      reply: { released: 3 },
      firings: [{ names: [{ name: "Japan" }, { name: "China" }] }],
      head: { policy: "demo" },
    },
    decisions: [{ verdict: "unsure", decidedAt: 7 }],
  });
});

test("a claim is held by heartbeats, given back by release, and lost when it runs out", async () => {
  let passedMs = 0;
  const { add, call } = await start({ passedMs: () => passedMs, settings: { leaseMs: 10_000 } });
  await add(sampleTrace());
  const { claim } = (await call("claim", {})).body;
  expect(claim).toMatchObject({ traceId: traceId(1), token: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect((await call("claim", {})).body).toEqual({ claim: null });
  passedMs += 9_000;
  const beat = await call(`items/${traceId(1)}/heartbeat`, { token: claim.token });
  expect(beat.body.leaseUntil).toBeGreaterThan(claim.leaseUntil);
  passedMs += 10_001;
  for (const [verb, more] of [
    ["heartbeat", {}],
    ["release", {}],
    ["decide", { verdict: "unsure" }],
  ] as const) {
    expect(await call(`items/${traceId(1)}/${verb}`, { token: claim.token, ...more })).toMatchObject({
      status: 409,
      body: CONFLICT,
    });
  }
  const again = (await call("claim", { traceId: traceId(1) })).body.claim;
  expect((await call(`items/${traceId(1)}/release`, { token: again.token })).body).toEqual({ released: true });
  expect((await call("stats")).body.queue).toMatchObject({ waiting: 1, leasesExpired: 1 });
});

test("a verdict with or without a claim is recorded, ends the item and is counted", async () => {
  const { add, call } = await start();
  for (const number of [1, 2]) await add(sampleTrace({ head: sampleHead(number) }));
  const { claim } = (await call("claim", { traceId: traceId(1) })).body;
  const verdict = { verdict: "true_positive", note: AWKWARD_TEXT };
  const first = await call(`items/${traceId(1)}/decide`, { ...verdict, token: claim.token });
  expect(first).toMatchObject({
    status: 200,
    body: { next: "decided", decision: { ...verdict, reviewer: "ada", traceId: traceId(1) } },
  });
  expect((await call(`items/${traceId(2)}/decide`, { ...verdict, verdict: "false_positive" })).status).toBe(200);
  expect((await call("stats")).body).toEqual({
    queue: { waiting: 0, claimed: 0, decided: 2, dead: 0, oldestWaitingMs: 0, leasesExpired: 0 },
    decisions: { true_positive: 1, false_positive: 1, unsure: 0, escalate: 0 },
  });
  expect(await call(`items/${traceId(1)}/decide`, verdict)).toMatchObject({ status: 409, body: CONFLICT });
});

test("while the verdict is being written the item has not left the queue", async () => {
  const states: unknown[] = [];
  const server = await start({
    decisions: (real) => ({
      ...real,
      async add(decision) {
        states.push((await server.queue.get(decision.traceId))?.state);
        await real.add(decision);
      },
    }),
  });
  await server.add(sampleTrace());
  await server.call(`items/${traceId(1)}/decide`, { verdict: "unsure" });
  expect(states).toEqual(["claimed"]);
});

test("requests that do not fit are refused with the field and the row of the error table", async () => {
  const { add, call } = await start();
  await add(sampleTrace());
  const rows = [
    ["items?state=lost", undefined, 400, "invalid_request", "state"],
    ["items?colour=red", undefined, 400, "invalid_request", null],
    ["items/tr_1", undefined, 400, "invalid_request", "traceId"],
    [`items/${traceId(9)}`, undefined, 404, "not_found", null],
    [`items/${traceId(9)}/decide`, { verdict: "unsure" }, 404, "not_found", null],
    [`items/${traceId(1)}/decide`, { verdict: "guilty" }, 400, "invalid_request", "verdict"],
    [`items/${traceId(1)}/decide`, { verdict: "unsure", reviewer: "mallory" }, 400, "invalid_request", null],
    [`items/${traceId(1)}/release`, {}, 400, "invalid_request", "token"],
    ["claim", undefined, 404, "not_found", null],
    ["elsewhere", {}, 404, "not_found", null],
  ] as const;
  for (const [path, body, status, code, param] of rows) {
    expect(await call(path, body)).toMatchObject({
      status,
      body: { error: { code, param, message: expect.any(String), type: expect.any(String) } },
    });
  }
});

test("a failure inside is logged and answered without its message", async () => {
  const { add, call, logged } = await start({
    decisions: (real) => ({ ...real, add: () => Promise.reject(new Error("secret path")) }),
  });
  await add(sampleTrace({ evidence: [sampleEvidence({ finding: sampleFinding() })] }));
  const { status, body } = await call(`items/${traceId(1)}/decide`, { verdict: "unsure" });
  expect([status, body.error.code]).toEqual([500, "internal_error"]);
  expect(JSON.stringify(body)).not.toContain("secret");
  expect(logged).toHaveLength(1);
  expect((await call("stats")).body.queue).toMatchObject({ waiting: 1 });
});

test("flagged traces that are on their way to the queue are counted, too", async () => {
  const { call } = await start({ parts: { outbox: async () => ({ waiting: 4, limit: 10 }) } });
  expect((await call("stats")).body).toMatchObject({ outbox: { waiting: 4, limit: 10 } });
});

test("a queue that cannot be reached is told with when to come back", async () => {
  const { call } = await start();
  const down = () => Promise.reject(new GatewayError("review_unavailable"));
  expect((await call("stats")).status).toBe(200);
  const broken = await start({ parts: { outbox: down } });
  const { status, headers, body } = await broken.call("stats");
  expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "review_unavailable", "2"]);
});
