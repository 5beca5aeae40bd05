import { expect, onTestFinished, test } from "vitest";
import { createVerdicts, type Actor } from "../../src/review/verdicts.ts";
import type { Verdict } from "../../src/trace/stores.ts";
import { traceId } from "../conformance/samples.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, TEST_KEY, type Rig } from "./records-rig.ts";

const ADA = { reviewer: "ada", role: "reviewer" } as const;
const BO = { reviewer: "bo", role: "reviewer" } as const;
const LEA = { reviewer: "lea", role: "lead" } as const;

/** Reviewers at one gateway's console. */
function deskOf({ records }: Rig, secondOpinion: number) {
  const log = { error: () => undefined };
  const verdicts = createVerdicts({ ...records, log, secondOpinion });
  const decide = (number: number, actor: Actor, verdict: Verdict) =>
    verdicts.decide({ ...actor, traceId: traceId(number), verdict, note: "" });
  return {
    decide,
    undo: (number: number, actor: Actor) => verdicts.undo({ ...actor, traceId: traceId(number) }),
    verdicts,
  };
}

const settled = (rig: Rig) =>
  until(async () => rig.records.health().state === "fine" && rig.records.health().outbox.waiting === 0, 20_000);

/** One item in every stage that there is. 6 is decided; 7 and 8 are taken back; 9 is alike to 2. */
async function fill(flagging: Rig, deciding: Rig): Promise<void> {
  for (const number of [1, 3, 4, 5, 6, 7, 8]) await flagging.flag(number);
  await flagging.flag(2, true);
  await settled(flagging);
  const twice = deskOf(deciding, 1);
  for (const number of [2, 3, 5, 6, 8]) await twice.decide(number, ADA, "true_positive");
  await twice.decide(3, BO, "false_positive");
  await twice.decide(4, ADA, "escalate");
  await twice.decide(5, BO, "false_positive");
  await twice.decide(5, LEA, "true_positive");
  await twice.decide(6, BO, "true_positive");
  await twice.decide(8, BO, "true_positive");
  await twice.undo(8, BO);
  const once = deskOf(deciding, 0);
  await once.decide(7, ADA, "unsure");
  await once.undo(7, ADA);
}

async function stagesOf({ records }: Rig): Promise<unknown[]> {
  const items = await records.queue.list({ limit: 99 });
  return items
    .map(({ traceId: id, state, stage, excluded, count }) => [
      Number.parseInt(id.slice(3), 16),
      state,
      stage,
      excluded,
      count,
    ])
    .toSorted(([left], [right]) => Number(left) - Number(right));
}

const OPEN = [
  [1, "waiting", "first", [], 1],
  [2, "waiting", "second", ["ada"], 2],
  [3, "waiting", "escalated", [], 1],
  [4, "waiting", "escalated", [], 1],
  [7, "waiting", "first", [], 1],
  [8, "waiting", "second", ["ada"], 1],
];

async function openOnes(rig: Rig): Promise<unknown[]> {
  return (await stagesOf(rig)).filter((each) => Array.isArray(each) && each[1] !== "decided");
}

async function startServer() {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}

describeWithRedis("items of a Redis that is wiped", () => {
  test.each([1, 2])("come back in the stage in which they were, with %i gateways", async (gateways) => {
    const server = await startServer();
    const one = openRig({ redis: server.url });
    const other = gateways === 1 ? one : openRig({ redis: server.url });
    await fill(one, other);
    // Of the gateway that decides: it has nothing to wait for but the item of the other.
    await other.flag(9, true);
    await settled(other);
    expect(await openOnes(one)).toEqual(OPEN);
    await until(async () => (await one.records.decisions.list(traceId(8))).length === 3);
    await server.flush();
    await until(async () => JSON.stringify(await openOnes(one)) === JSON.stringify(OPEN), 30_000);
    await settled(one);
    await settled(other);
    expect(await openOnes(one)).toEqual(OPEN);
    const desk = deskOf(other, 0);
    // Whoever gave an opinion is not asked again, and nobody else finds it open twice.
    expect(await desk.verdicts.claim({ ...ADA, leaseMs: 60_000, traceId: traceId(2) })).toBeUndefined();
    await expect(desk.decide(3, BO, "unsure")).rejects.toMatchObject({ code: "role_required" });
    expect((await desk.decide(2, BO, "true_positive")).decision).toMatchObject({ stage: "second", next: "decided" });
    expect(await openOnes(one)).toEqual(OPEN.filter(([number]) => number !== 2));
  });

  test("are asked about once when they were decided, also where a trace that joined them is another gateway's", async () => {
    const server = await startServer();
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    await one.flag(1, true);
    await settled(one);
    await other.flag(2, true);
    await settled(other);
    await deskOf(other, 0).decide(1, LEA, "true_positive");
    await until(async () => (await one.records.decisions.list(traceId(1))).length === 1);
    await server.flush();
    await other.flag(3);
    await settled(other);
    await until(async () => (await one.records.pump.flush()) && (await other.records.pump.flush()));
    expect(await openOnes(one)).toEqual([[3, "waiting", "first", [], 1]]);
  });
});

describeWithRedis("a decided item that is handed to a lead", () => {
  test("is with the lead after a wipe, too", async () => {
    const server = await startServer();
    const rig = openRig({ redis: server.url });
    await rig.flag(1);
    await settled(rig);
    const desk = deskOf(rig, 0);
    await desk.decide(1, LEA, "unsure");
    const isSettled = () => rig.records.local.outbox.list({ kind: "item", epoch: "x", limit: 9 }).length === 0;
    await until(isSettled, 20_000);
    const again = { ...LEA, traceId: traceId(1), verdict: "escalate", note: "", supersede: true } as const;
    await desk.verdicts.decide(again);
    await until(() => !isSettled());
    await server.flush();
    const atLead = JSON.stringify([[1, "waiting", "escalated", [], 1]]);
    await until(async () => JSON.stringify(await stagesOf(rig)) === atLead, 20_000);
    expect(JSON.stringify(await stagesOf(rig))).toBe(atLead);
  });
});

describeWithRedis("items that move from Redis to the state folder", () => {
  test("keep the stage in which they are", async () => {
    const server = await startServer();
    const shared = openRig({ redis: server.url });
    await fill(shared, shared);
    await shared.flag(9, true);
    await settled(shared);
    const folder = shared.config.stateDir ?? "";
    await shared.records.close();
    const embedded = openRig({ folder, environment: { LENSGATE_TRACE_KEY: TEST_KEY } });
    await until(async () => JSON.stringify(await openOnes(embedded)) === JSON.stringify(OPEN), 20_000);
    expect(await openOnes(embedded)).toEqual(OPEN);
  });
});
