import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleDecision, sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  const [outbox, traces, decisions] = [
    createOutbox(database),
    createTraceStore(database),
    createDecisionStore(database),
  ];
  const add = (number: number) => outbox.addItem({ id: traceId(number), createdAt: number, body: `{"n":${number}}` });
  const ids = (epoch?: string) =>
    outbox.list({ kind: "item", limit: 99, ...(epoch === undefined ? {} : { epoch }) }).map(({ id }) => id);
  return { outbox, traces, decisions, add, ids };
}

test("an item waits until it is delivered, and the first body stays", () => {
  const { outbox, add, ids } = setUp();
  for (const number of [2, 1]) add(number);
  outbox.addItem({ id: traceId(1), createdAt: 1, body: "other" });
  expect(ids()).toEqual([traceId(1), traceId(2)]);
  expect(outbox.find("item", traceId(1))).toEqual({
    kind: "item",
    id: traceId(1),
    createdAt: 1,
    body: '{"n":1}',
    epoch: null,
    item: null,
  });
  outbox.markDelivered({ kind: "item", id: traceId(1) }, { epoch: "a" });
  expect(ids()).toEqual([traceId(2)]);
  expect(outbox.waiting()).toBe(1);
});

test("a trace that is flagged and has no row yet counts as waiting", async () => {
  const { outbox, traces, add } = setUp();
  await traces.open(sampleHead(1), sampleEvidence());
  expect(outbox.waiting()).toBe(1);
  await traces.close(traceId(1), sampleEnd(), "complete");
  add(1);
  expect(outbox.waiting()).toBe(1);
  expect(await traces.get(traceId(1))).toMatchObject({ queued: true });
  outbox.markDelivered({ kind: "item", id: traceId(1) }, { epoch: "a" });
  expect(outbox.waiting()).toBe(0);
});

test("when the other side is another one, what is not settled is delivered again", () => {
  const { outbox, add, ids } = setUp();
  for (const number of [1, 2, 3]) {
    add(number);
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a" });
  }
  expect(ids("a")).toEqual([]);
  outbox.settle(traceId(2));
  expect(ids("b")).toEqual([traceId(1), traceId(3)]);
});

test("rows are listed in pages by time and id", () => {
  const { outbox, add } = setUp();
  for (const number of [1, 2, 3]) add(number);
  outbox.addItem({ id: traceId(9), createdAt: 2, body: "{}" });
  const first = outbox.list({ kind: "item", limit: 2 });
  const [, last] = first;
  if (last === undefined) throw new Error("there is no second row");
  const second = outbox.list({ kind: "item", limit: 2, after: last });
  expect([...first, ...second].map(({ id }) => id)).toEqual([1, 2, 9, 3].map(traceId));
});

test("an item is settled with everything that joined it, when its verdict stands", async () => {
  const { outbox, decisions, add, ids } = setUp();
  for (const number of [1, 2, 3]) add(number);
  outbox.putEnrichment({ id: traceId(1), createdAt: 5, body: "" });
  outbox.markDelivered({ kind: "item", id: traceId(1) }, { epoch: "a", item: traceId(1) });
  outbox.markDelivered({ kind: "item", id: traceId(2) }, { epoch: "a", item: traceId(1) });
  outbox.markDelivered({ kind: "item", id: traceId(3) }, { epoch: "a", item: traceId(3) });
  outbox.markDelivered({ kind: "enrichment", id: traceId(1) }, { epoch: "a" });
  expect(outbox.listDecided(9)).toEqual([]);
  await decisions.add(sampleDecision(1));
  expect(outbox.listDecided(9)).toEqual([traceId(1)]);
  outbox.settle(traceId(1));
  expect(outbox.listDecided(9)).toEqual([]);
  expect(ids("b")).toEqual([traceId(3)]);
  expect(outbox.list({ kind: "enrichment", epoch: "b", limit: 9 })).toEqual([]);
});

test("a withdrawn verdict settles nothing, and an item that is opened again is delivered anew", async () => {
  const { outbox, decisions, add, ids } = setUp();
  add(1);
  outbox.markDelivered({ kind: "item", id: traceId(1) }, { epoch: "a", item: traceId(1) });
  await decisions.add(sampleDecision(1));
  await decisions.add(sampleDecision(1, { verdict: "withdrawn" }));
  expect(outbox.listDecided(9)).toEqual([]);
  outbox.settle(traceId(1));
  outbox.reopen(traceId(1));
  // To the state that had it, too, and as what it was there.
  expect(outbox.list({ kind: "item", epoch: "a", limit: 9 })).toMatchObject([{ id: traceId(1), item: traceId(1) }]);
  expect(ids()).toEqual([]);
});

test("a re-read that is made again is delivered again", () => {
  const { outbox } = setUp();
  outbox.putEnrichment({ id: traceId(1), createdAt: 1, body: "" });
  outbox.markDelivered({ kind: "enrichment", id: traceId(1) }, { epoch: "a" });
  expect(outbox.list({ kind: "enrichment", limit: 9 })).toEqual([]);
  outbox.putEnrichment({ id: traceId(1), createdAt: 2, body: "" });
  expect(outbox.list({ kind: "enrichment", limit: 9 })).toMatchObject([{ id: traceId(1), createdAt: 2 }]);
});

test("a side in the same database gets its row in the same transaction, or neither is there", () => {
  const { outbox, ids } = setUp();
  const row = { id: traceId(1), createdAt: 1, body: "{}" };
  const fail = () => {
    throw new Error("full");
  };
  expect(() => outbox.addItem(row, fail)).toThrow("full");
  expect(outbox.find("item", traceId(1))).toBeUndefined();
  outbox.addItem(row, () => ({ epoch: "a", item: traceId(7) }));
  outbox.addItem(row, fail);
  expect(ids()).toEqual([]);
  expect(outbox.belonging(traceId(7))).toEqual([traceId(1)]);
});
