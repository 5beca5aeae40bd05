import { expect, test } from "vitest";
import { createItemDelivery, type DeliveryParts } from "../../src/queue/delivery.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { ReviewItem } from "../../src/queue/queue.ts";
import { placeOf } from "../../src/review/opinions.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

function setUp(changes: Partial<DeliveryParts> = {}) {
  const database = openDatabase({ folder: temporaryFolder() });
  const [queue, decisions] = [createEmbeddedQueue({ database }), createDecisionStore(database)];
  const told: string[] = [];
  let now = 0;
  const deliver = createItemDelivery({
    queue,
    decisionsOn: decisions.list,
    placeOf: (given) => placeOf(given, 0),
    clock: () => now,
    shareTrace: async (id) => void told.push(`trace ${id}`),
    onAdded: async (id) => void told.push(`added ${id}`),
    onJoined: (reason) => void told.push(reason),
    ...changes,
  });
  const send = (item: ReviewItem, epoch: string | null = null, belonged: string | null = null) =>
    deliver({ kind: "item", id: item.traceId, createdAt: 1, body: JSON.stringify(item), epoch, item: belonged });
  return { queue, decisions, told, send, later: (ms: number) => (now += ms) };
}

test("the trace is there before its item, and whoever waits for new items hears of it", async () => {
  const { queue, told, send } = setUp();
  expect(await send(sampleItem(1))).toEqual({ item: traceId(1) });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting" });
  expect(told).toEqual([`trace ${traceId(1)}`, `added ${traceId(1)}`]);
});

test("a trace that cannot be shared makes no item", async () => {
  const { queue, send } = setUp({
    async shareTrace() {
      throw new Error("full");
    },
  });
  await expect(send(sampleItem(1))).rejects.toThrow("full");
  expect(await queue.get(traceId(1))).toBeUndefined();
});

test("what joins is counted once by why, and says which item it is in", async () => {
  const { told, send } = setUp();
  for (const number of [1, 2]) await send(sampleItem(number, { repetition: "alike" }));
  expect(await send(sampleItem(2, { repetition: "alike" }), "earlier")).toEqual({ item: traceId(1) });
  for (const number of [3, 4]) await send(sampleItem(number, { repetition: "flood:1" }));
  expect(told.filter((line) => !/^(trace|added)/.test(line))).toEqual(["repeated", "flood"]);
});

test("an item that the queue lost comes back where its verdicts left it", async () => {
  const { queue, decisions, send, told } = setUp();
  await decisions.add(sampleDecision(1, { next: "decided" }));
  await decisions.add(sampleDecision(2, { verdict: "escalate", next: "escalated" }));
  await decisions.add(sampleDecision(3, { next: "decided" }));
  await decisions.add(sampleDecision(3, { verdict: "withdrawn" }));
  await decisions.add(sampleDecision(4, { next: "second" }));
  for (const number of [1, 2, 3, 4, 5]) await send(sampleItem(number), "earlier", traceId(number));
  const items = await Promise.all([1, 2, 3, 4, 5].map((number) => queue.get(traceId(number))));
  expect(items.map((item) => [item?.state, item?.stage, item?.excluded])).toEqual([
    ["decided", "first", []],
    ["waiting", "escalated", []],
    ["waiting", "first", []],
    ["waiting", "second", ["ada"]],
    ["waiting", "first", []],
  ]);
  expect(told.filter((line) => line.startsWith("added"))).toEqual([2, 3, 4, 5].map((each) => `added ${traceId(each)}`));
});

test("an item that waits for another opinion does not join one that is alike and new", async () => {
  const { queue, decisions, send } = setUp();
  const alike = (number: number) => sampleItem(number, { repetition: "alike" });
  await decisions.add(sampleDecision(1, { next: "second" }));
  await send(alike(2));
  expect(await send(alike(1), "earlier", traceId(1))).toEqual({ item: traceId(1) });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", stage: "second", count: 1 });
});

test("a trace waits for the item that it had joined while that has a verdict, and not for ever", async () => {
  const { queue, decisions, send, later } = setUp();
  const alike = (number: number) => sampleItem(number, { repetition: "alike" });
  await decisions.add(sampleDecision(1, { next: "second" }));
  expect(await send(alike(2), "earlier", traceId(1))).toEqual({ later: true });
  await send(alike(1), "earlier", traceId(1));
  // It looks again after a while.
  expect(await send(alike(2), "earlier", traceId(1))).toEqual({ later: true });
  later(5_000);
  expect(await send(alike(2), "earlier", traceId(1))).toEqual({ item: traceId(1) });
  expect(await queue.get(traceId(1))).toMatchObject({ stage: "second", count: 2 });

  await decisions.add(sampleDecision(3, { verdict: "escalate", next: "escalated" }));
  const stranded = sampleItem(4, { repetition: "other" });
  expect(await send(stranded, "earlier", traceId(3))).toEqual({ later: true });
  later(600_000);
  expect(await send(stranded, "earlier", traceId(3))).toEqual({ item: traceId(4) });
  expect(await queue.get(traceId(4))).toMatchObject({ state: "waiting", stage: "first" });
});

test("a trace whose item was decided is not asked about again", async () => {
  const { queue, decisions, send } = setUp();
  const alike = (number: number) => sampleItem(number, { repetition: "alike" });
  await decisions.add(sampleDecision(1, { next: "decided" }));
  expect(await send(alike(2), "earlier", traceId(1))).toEqual({ item: traceId(1) });
  expect(await queue.get(traceId(2))).toBeUndefined();
  await send(alike(1), "earlier", traceId(1));
  await send(alike(3), "earlier", traceId(1));
  expect(await queue.get(traceId(1))).toMatchObject({ state: "decided", count: 2 });
  expect(await queue.stats()).toMatchObject({ waiting: 0 });
});

test("an item that was decided by a verdict that is withdrawn waits again", async () => {
  const { queue, decisions, send } = setUp();
  await decisions.add(sampleDecision(1, { next: "decided" }));
  await send(sampleItem(1), "earlier", traceId(1));
  await decisions.add(sampleDecision(1, { verdict: "withdrawn" }));
  await send(sampleItem(1), "", traceId(1));
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", stage: "first" });
});

test("nothing is brought back while it is not known what others decided", async () => {
  const { queue, send } = setUp({
    async decisionsOn() {
      throw new Error("away");
    },
  });
  await expect(send(sampleItem(1), "earlier", traceId(1))).rejects.toThrow("away");
  expect(await queue.get(traceId(1))).toBeUndefined();
});

test("what joined an item that is deleted in the same moment is delivered again, as an item of its own", async () => {
  const { queue, send } = setUp();
  const alike = (number: number) => sampleItem(number, { repetition: "alike" });
  await send(alike(1));
  await queue.enqueue(alike(2));
  await queue.remove(traceId(1));
  const { enqueue } = queue;
  queue.enqueue = async (item) => {
    queue.enqueue = enqueue;
    return item.traceId === traceId(2) ? "joined" : enqueue(item);
  };
  await expect(send(alike(2))).rejects.toThrow("was deleted meanwhile");
  expect(await send(alike(2))).toEqual({ item: traceId(2) });
});
