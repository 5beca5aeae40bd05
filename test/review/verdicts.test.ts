import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { ReviewQueue } from "../../src/queue/queue.ts";
import { createVerdicts } from "../../src/review/verdicts.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { DecisionStore } from "../../src/trace/stores.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const GIVEN = { traceId: traceId(1), verdict: "true_positive", note: "Japan", reviewer: "ada" } as const;

async function setUp(
  changes: {
    queue?: (real: ReviewQueue) => Partial<ReviewQueue>;
    decisions?: (real: DecisionStore) => Partial<DecisionStore>;
  } = {},
) {
  const database = openDatabase({ folder: temporaryFolder() });
  const queue = createEmbeddedQueue({ database });
  const decisions = createDecisionStore(database);
  for (const number of [1, 2]) await queue.enqueue(sampleItem(number));
  const logged: unknown[][] = [];
  const verdicts = createVerdicts({
    queue: { ...queue, ...changes.queue?.(queue) },
    decisions: { ...decisions, ...changes.decisions?.(decisions) },
    log: { error: (...entry: unknown[]) => void logged.push(entry) },
    clock: () => 5_000,
  });
  return { queue, decisions, verdicts, logged };
}

test("a verdict without a claim takes the waiting item, is written and ends it", async () => {
  const { verdicts, decisions, queue } = await setUp();
  const given = await verdicts.decide(GIVEN);
  expect(given).toEqual({
    ...GIVEN,
    id: expect.stringMatching(/^de_[0-9a-f]{32}$/),
    decidedAt: 5_000,
    detector: "country-channel",
    stage: "first",
    blind: false,
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
  await verdicts.decide({ ...GIVEN, token: claim?.token });
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
  await other.decisions.add(sampleDecision(1, { ...GIVEN, decidedAt: 1 }));
  expect((await other.verdicts.claim({ reviewer: "bo", leaseMs: 60_000 }))?.item.traceId).toBe(traceId(2));
  expect(await other.queue.get(traceId(1))).toMatchObject({ state: "decided" });
  expect(await other.verdicts.claim({ reviewer: "bo", leaseMs: 60_000, traceId: traceId(1) })).toBeUndefined();
});
