import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { ReviewQueue } from "../../src/queue/queue.ts";
import { createVerdicts } from "../../src/review/verdicts.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { DecisionStore } from "../../src/trace/stores.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const BO = { reviewer: "bo", role: "reviewer" } as const;
const LEA = { reviewer: "lea", role: "lead" } as const;
const GIVEN = {
  traceId: traceId(1),
  verdict: "true_positive",
  note: "Japan",
  reviewer: "ada",
  role: "reviewer",
} as const;

async function setUp(
  changes: {
    secondOpinion?: number;
    blind?: boolean;
    queue?: (real: ReviewQueue) => Partial<ReviewQueue>;
    decisions?: (real: DecisionStore) => Partial<DecisionStore>;
  } = {},
) {
  const database = openDatabase({ folder: temporaryFolder() });
  const queue = createEmbeddedQueue({ database });
  const decisions = createDecisionStore(database);
  const { secondOpinion = 0, blind = false } = changes;
  for (const number of [1, 2]) await queue.enqueue(sampleItem(number, { blind }));
  const audit = createAuditLog(database);
  const logged: unknown[][] = [];
  const verdicts = createVerdicts({
    queue: { ...queue, ...changes.queue?.(queue) },
    decisions: { ...decisions, ...changes.decisions?.(decisions) },
    log: { error: (...entry: unknown[]) => void logged.push(entry) },
    clock: () => 5_000,
    audit,
    secondOpinion,
  });
  const events = async () =>
    (await audit.list({ limit: 99 })).map(({ entry }) => `${entry.actor} ${entry.event}`).toReversed();
  return { queue, decisions, verdicts, audit, events, logged };
}

test("a verdict without a claim takes the waiting item, is written and ends it", async () => {
  const { verdicts, decisions, queue } = await setUp();
  const { decision: given, next } = await verdicts.decide(GIVEN);
  expect(next).toBe("decided");
  expect(given).toEqual({
    traceId: traceId(1),
    verdict: "true_positive",
    note: "Japan",
    reviewer: "ada",
    id: expect.stringMatching(/^de_[0-9a-f]{32}$/),
    decidedAt: 5_000,
    detector: "country-channel",
    stage: "first",
    blind: false,
    next: "decided",
  });
  expect(await decisions.list(traceId(1))).toEqual([given]);
  expect(await queue.get(traceId(1))).toMatchObject({ state: "decided" });
});

test("the verdict is on disk before the queue lets go of the item", async () => {
  const seen: unknown[] = [];
  const { verdicts, decisions } = await setUp({
    queue: (real) => ({
      async decide(id, token) {
        seen.push((await decisions.latest(id))?.verdict);
        await real.decide(id, token);
      },
    }),
  });
  await verdicts.decide(GIVEN);
  expect(seen).toEqual(["true_positive"]);
});

test("a claim of someone else, a wrong token and a decided item are conflicts that write nothing", async () => {
  const { verdicts, decisions, queue } = await setUp();
  const claim = await queue.claim({ reviewer: "bo", leaseMs: 60_000, traceId: traceId(1) });
  await expect(verdicts.decide(GIVEN)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("reviewed by bo"),
  });
  await expect(verdicts.decide({ ...GIVEN, token: "wrong" })).rejects.toMatchObject({ code: "conflict" });
  expect(await decisions.list(traceId(1))).toEqual([]);
  await expect(verdicts.decide({ ...GIVEN, token: claim?.token })).rejects.toMatchObject({ code: "conflict" });
  await verdicts.decide({ ...GIVEN, reviewer: "bo", token: claim?.token });
  await expect(verdicts.decide({ ...GIVEN, verdict: "unsure" })).rejects.toMatchObject({ code: "conflict" });
  expect(await decisions.list(traceId(1))).toHaveLength(1);
});

test("a decided item takes another verdict when that is said, and the later one counts", async () => {
  const { verdicts, decisions } = await setUp();
  await verdicts.decide(GIVEN);
  await verdicts.decide({ ...GIVEN, verdict: "false_positive", supersede: true });
  expect(await decisions.latest(traceId(1))).toMatchObject({ verdict: "false_positive" });
  expect(await decisions.list(traceId(1))).toHaveLength(2);
});

test("an unknown trace is not found", async () => {
  const { verdicts } = await setUp();
  await expect(verdicts.decide({ ...GIVEN, traceId: traceId(9) })).rejects.toMatchObject({ code: "not_found" });
});

test("when the verdict cannot be written, the item waits again and the caller is told", async () => {
  const { verdicts, queue } = await setUp({ decisions: () => ({ add: () => Promise.reject(new Error("disk full")) }) });
  await expect(verdicts.decide(GIVEN)).rejects.toThrow("disk full");
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting" });
});

test("a verdict whose item could not leave the queue stands, and the next claim passes the item over", async () => {
  let down = true;
  const { verdicts, decisions, queue, logged } = await setUp({
    queue: (real) => ({ decide: (id, token) => (down ? Promise.reject(new Error("gone")) : real.decide(id, token)) }),
  });
  await verdicts.decide(GIVEN);
  expect(await decisions.latest(traceId(1))).toMatchObject({ verdict: "true_positive" });
  expect(logged).toHaveLength(1);
  const held = await queue.get(traceId(1));
  expect(held?.state).toBe("claimed");

  down = false;
  const other = await setUp();
  await other.decisions.add(sampleDecision(1, { verdict: "true_positive", decidedAt: 1 }));
  expect((await other.verdicts.claim({ ...BO, leaseMs: 60_000 }))?.item.traceId).toBe(traceId(2));
  expect(await other.queue.get(traceId(1))).toMatchObject({ state: "decided" });
  expect(await other.verdicts.claim({ ...BO, leaseMs: 60_000, traceId: traceId(1) })).toBeUndefined();
});

test("a drawn item goes on to a second reviewer, who is not the first, and ends with their verdict", async () => {
  const { verdicts, queue, events } = await setUp({ secondOpinion: 1 });
  expect(await verdicts.decide(GIVEN)).toMatchObject({ next: "second", decision: { stage: "first" } });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", stage: "second", excluded: ["ada"] });
  await expect(verdicts.decide(GIVEN)).rejects.toThrow("You gave your verdict");
  const agreeing = await verdicts.decide({ ...GIVEN, ...BO });
  expect(agreeing).toMatchObject({ next: "decided", decision: { stage: "second", reviewer: "bo" } });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "decided", stage: "second" });
  expect(await events()).toEqual(["ada decide", "bo decide"]);
});

test("opinions that contradict one another, and what is escalated, wait for a lead, who decides for good", async () => {
  const { verdicts, queue, events } = await setUp({ secondOpinion: 1 });
  await verdicts.decide(GIVEN);
  const against = await verdicts.decide({ ...GIVEN, ...BO, verdict: "false_positive" });
  expect(against.next).toBe("escalated");
  expect((await verdicts.decide({ ...GIVEN, traceId: traceId(2), verdict: "escalate" })).next).toBe("escalated");
  for (const id of [traceId(1), traceId(2)]) {
    expect(await queue.get(id)).toMatchObject({ state: "waiting", stage: "escalated", excluded: [] });
    await expect(verdicts.decide({ ...GIVEN, traceId: id })).rejects.toMatchObject({ code: "role_required" });
    const raised = { ...GIVEN, ...LEA, traceId: id, verdict: "escalate" } as const;
    await expect(verdicts.decide(raised)).rejects.toMatchObject({ code: "invalid_request" });
  }
  expect(await verdicts.claim({ ...BO, leaseMs: 60_000 })).toBeUndefined();
  const claim = await verdicts.claim({ ...LEA, leaseMs: 60_000 });
  expect(claim?.item.stage).toBe("escalated");
  const last = await verdicts.decide({ ...GIVEN, ...LEA, token: claim?.token });
  expect(last).toMatchObject({ next: "decided", decision: { stage: "escalated" } });
  expect(await events()).toEqual(["ada decide", "bo decide", "ada escalate", "lea claim", "lea decide"]);
});

test("a verdict on a decided item is replaced by its own reviewer or a lead, and may still go to a lead", async () => {
  const { verdicts, queue } = await setUp();
  await verdicts.decide(GIVEN);
  const again = { ...GIVEN, verdict: "unsure", supersede: true } as const;
  await expect(verdicts.decide({ ...again, ...BO })).rejects.toMatchObject({ code: "role_required" });
  expect((await verdicts.decide(again)).next).toBe("decided");
  expect((await verdicts.decide({ ...again, ...LEA })).next).toBe("decided");
  expect((await verdicts.decide({ ...again, ...LEA, verdict: "escalate" })).next).toBe("escalated");
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", stage: "escalated" });
});

test("a verdict on a blind item is blind until its reviewer has seen the scores", async () => {
  const { verdicts, decisions } = await setUp({ blind: true });
  await verdicts.decide(GIVEN);
  await verdicts.decide({ ...GIVEN, supersede: true });
  await verdicts.undo({ traceId: traceId(1), ...LEA });
  await verdicts.decide(GIVEN);
  await verdicts.decide({ ...GIVEN, traceId: traceId(2), sighted: true });
  expect((await decisions.list(traceId(1))).map(({ verdict, blind }) => [verdict, blind])).toEqual([
    ["true_positive", true],
    ["true_positive", false],
    ["withdrawn", false],
    ["true_positive", false],
  ]);
  expect((await decisions.list(traceId(2)))[0]?.blind).toBe(false);
});

test("a process that dies between a first verdict and the queue leaves an item that goes on to the second reviewer", async () => {
  const { verdicts, decisions, queue } = await setUp({ secondOpinion: 1 });
  await decisions.add(sampleDecision(1, { verdict: "true_positive", reviewer: "ada" }));
  expect((await verdicts.claim({ ...GIVEN, leaseMs: 60_000, traceId: traceId(1) }))?.item).toBeUndefined();
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", stage: "second", excluded: ["ada"] });
  const claim = await verdicts.claim({ ...BO, leaseMs: 60_000, traceId: traceId(1) });
  expect(claim?.item).toMatchObject({ stage: "second", claimedBy: "bo" });
});

test("only the detectors that are asked for are claimed", async () => {
  const { verdicts, queue } = await setUp();
  await queue.enqueue(sampleItem(3, { detector: "audit", priority: 900_000 }));
  const claim = await verdicts.claim({ ...BO, leaseMs: 60_000, detectors: ["audit"] });
  expect(claim?.item.traceId).toBe(traceId(3));
});
