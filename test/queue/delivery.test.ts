import { expect, test } from "vitest";
import { createItemDelivery, type DeliveryParts } from "../../src/queue/delivery.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { ReviewItem } from "../../src/queue/queue.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

function setUp(changes: Partial<DeliveryParts> = {}) {
  const database = openDatabase({ folder: temporaryFolder() });
  const [queue, decisions] = [createEmbeddedQueue({ database }), createDecisionStore(database)];
  const told: string[] = [];
  const deliver = createItemDelivery({
    queue,
    decisions,
    shareTrace: async (id) => void told.push(`trace ${id}`),
    onAdded: async (id) => void told.push(`added ${id}`),
    onJoined: (reason) => void told.push(reason),
    ...changes,
  });
  const send = (item: ReviewItem, epoch: string | null = null) =>
    deliver({ kind: "item", id: item.traceId, createdAt: 1, body: JSON.stringify(item), epoch });
  return { queue, decisions, told, send };
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

test("an item that the queue lost comes back as decided when its verdict stands, and as waiting when not", async () => {
  const { queue, decisions, send } = setUp();
  await decisions.add(sampleDecision(1));
  await decisions.add(sampleDecision(2, { verdict: "escalate" }));
  await decisions.add(sampleDecision(3));
  await decisions.add(sampleDecision(3, { verdict: "withdrawn" }));
  for (const number of [1, 2, 3, 4]) await send(sampleItem(number), "earlier");
  const states = await Promise.all([1, 2, 3, 4].map(async (number) => (await queue.get(traceId(number)))?.state));
  expect(states).toEqual(["decided", "waiting", "waiting", "waiting"]);
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
