import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { createVerdicts } from "../../src/review/verdicts.ts";
import { withdraw } from "../../src/review/withdrawal.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { DecisionStore } from "../../src/trace/stores.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const ADA = { reviewer: "ada", role: "reviewer" } as const;
const BO = { reviewer: "bo", role: "reviewer" } as const;
const LEA = { reviewer: "lea", role: "lead" } as const;
const ID = traceId(1);

async function setUp(secondOpinion = 0, add?: DecisionStore["add"]) {
  const database = openDatabase({ folder: temporaryFolder() });
  const [queue, decisions] = [createEmbeddedQueue({ database }), createDecisionStore(database)];
  await queue.enqueue(sampleItem(1));
  const log = { error: () => undefined };
  const verdicts = createVerdicts({ queue, decisions, audit: createAuditLog(database), log, secondOpinion });
  const broken = { ...decisions, ...(add === undefined ? {} : { add }) };
  const undo = async (actor: typeof ADA | typeof BO | typeof LEA) => {
    const item = await queue.get(ID);
    if (item === undefined) throw new Error("the item is gone");
    return withdraw({ queue, decisions: broken, clock: () => 9 }, actor, item);
  };
  const say = (actor: typeof ADA | typeof BO | typeof LEA, verdict: "true_positive" | "false_positive" | "escalate") =>
    verdicts.decide({ ...actor, traceId: ID, verdict, note: "" });
  return { queue, decisions, verdicts, undo, say };
}

test("whoever gave a verdict takes it back, and the item waits as before", async () => {
  const { queue, decisions, undo, say, verdicts } = await setUp();
  await say(ADA, "true_positive");
  expect(await undo(ADA)).toMatchObject({ verdict: "withdrawn", reviewer: "ada", stage: "first", decidedAt: 9 });
  expect(await decisions.latest(ID)).toBeUndefined();
  expect(await queue.get(ID)).toMatchObject({ state: "waiting", stage: "first", excluded: [], claimedBy: null });
  const claim = await verdicts.claim({ ...ADA, leaseMs: 60_000 });
  expect(claim?.item.traceId).toBe(ID);
});

test("the verdict of someone else is taken back by a lead alone", async () => {
  const { undo, say, queue } = await setUp();
  await say(ADA, "true_positive");
  await expect(undo(BO)).rejects.toMatchObject({ code: "role_required" });
  await undo(LEA);
  expect(await queue.get(ID)).toMatchObject({ state: "waiting", stage: "first" });
  await expect(undo(LEA)).rejects.toMatchObject({ code: "conflict" });
});

test("opinions are taken back one after the other, and the first reviewer stays kept from the second", async () => {
  const { undo, say, queue } = await setUp(1);
  await say(ADA, "true_positive");
  await say(BO, "false_positive");
  expect(await queue.get(ID)).toMatchObject({ stage: "escalated" });
  await expect(undo(ADA)).rejects.toMatchObject({ code: "role_required" });
  expect(await undo(BO)).toMatchObject({ stage: "second" });
  expect(await queue.get(ID)).toMatchObject({ state: "waiting", stage: "second", excluded: ["ada"] });
  expect(await undo(ADA)).toMatchObject({ stage: "first" });
  expect(await queue.get(ID)).toMatchObject({ state: "waiting", stage: "first", excluded: [] });
});

test("what was escalated by mistake comes back to the first stage", async () => {
  const { undo, say, queue } = await setUp();
  await say(ADA, "escalate");
  await undo(ADA);
  expect(await queue.get(ID)).toMatchObject({ state: "waiting", stage: "first" });
});

test("while another reviewer holds the item the verdict stands", async () => {
  const { undo, say, queue, decisions } = await setUp(1);
  await say(ADA, "true_positive");
  await queue.claim({ reviewer: "bo", leaseMs: 60_000 });
  await expect(undo(ADA)).rejects.toThrow("being reviewed by bo");
  expect(await decisions.list(ID)).toHaveLength(1);
});

test("a withdrawal that cannot be written leaves a verdict that the next claim carries out", async () => {
  const { undo, say, queue, verdicts, decisions } = await setUp(0, () => Promise.reject(new Error("disk full")));
  await say(ADA, "true_positive");
  await expect(undo(ADA)).rejects.toThrow("disk full");
  expect(await verdicts.claim({ ...BO, leaseMs: 60_000 })).toBeUndefined();
  expect(await queue.get(ID)).toMatchObject({ state: "decided" });
  expect(await decisions.latest(ID)).toMatchObject({ verdict: "true_positive" });
});
