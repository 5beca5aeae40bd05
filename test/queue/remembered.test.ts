import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { rememberDecided } from "../../src/queue/remembered.ts";
import { placeOf } from "../../src/review/opinions.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

/** Item 1 with trace 2 in it, of which the queue has nothing. */
function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  const [bare, decisions] = [createEmbeddedQueue({ database }), createDecisionStore(database)];
  const outbox = createOutbox(database);
  for (const number of [1, 2]) {
    outbox.addItem({ id: traceId(number), createdAt: number, body: JSON.stringify(sampleItem(number)) });
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a", item: traceId(1) });
  }
  const queue = rememberDecided({ queue: bare, outbox, decisions, placeOf: (given) => placeOf(given, 0) });
  return { bare, queue, decisions };
}

test("a decided item that the queue has let go of is found by its id and by those of its traces", async () => {
  const { queue, decisions } = setUp();
  await decisions.add(sampleDecision(1, { next: "decided" }));
  expect(await queue.get(traceId(1))).toEqual({
    ...sampleItem(1),
    state: "decided",
    stage: "first",
    excluded: [],
    claimedBy: null,
    leaseUntil: null,
    count: 2,
  });
  expect(await queue.itemOf(traceId(2))).toBe(traceId(1));
  expect(await queue.members(traceId(1), 9)).toEqual([1, 2].map(traceId));
  expect(await queue.members(traceId(1), 1)).toHaveLength(1);
  expect(await queue.get(traceId(2))).toBeUndefined();
  expect(await queue.stats()).toMatchObject({ decided: 0 });
});

test("what is open by its verdicts, or another gateway's, is not made up", async () => {
  const { queue, decisions } = setUp();
  expect([await queue.get(traceId(1)), await queue.itemOf(traceId(1))]).toEqual([undefined, undefined]);
  await decisions.add(sampleDecision(1, { next: "second" }));
  expect([await queue.get(traceId(1)), await queue.itemOf(traceId(2))]).toEqual([undefined, undefined]);
  await decisions.add(sampleDecision(7, { next: "decided" }));
  expect(await queue.get(traceId(7))).toBeUndefined();
});

test("it is opened again as an item of the queue", async () => {
  const { bare, queue, decisions } = setUp();
  await decisions.add(sampleDecision(1, { next: "decided" }));
  await queue.reopen(traceId(1), { stage: "escalated", excluded: ["ada"] });
  expect(await bare.get(traceId(1))).toMatchObject({ state: "waiting", stage: "escalated", excluded: ["ada"] });
  await expect(queue.reopen(traceId(9), { stage: "first", excluded: [] })).rejects.toMatchObject({ code: "conflict" });
});

test("what joined which item is remembered, too", async () => {
  const { queue } = setUp();
  expect(await queue.joined([1, 2, 9].map(traceId))).toEqual(
    new Map([[traceId(2), { item: traceId(1), alike: true }]]),
  );
});
