import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { createSettling } from "../../src/queue/settling.ts";
import { placeOf } from "../../src/review/opinions.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { sampleDecision, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

async function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  const [queue, decisions, outbox] = [
    createEmbeddedQueue({ database }),
    createDecisionStore(database),
    createOutbox(database),
  ];
  let now = 0;
  const letGo: string[] = [];
  const settling = createSettling({
    outbox,
    decisions,
    placeOf: (given) => placeOf(given, 0),
    queue,
    settings: createSettings(database),
    letGo: async (ids) => void letGo.push(...ids),
    clock: () => now,
  });
  for (const number of [1, 2]) {
    outbox.addItem({ id: traceId(number), createdAt: number, body: "{}" });
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a", item: traceId(number) });
    await queue.enqueue(sampleItem(number));
  }
  const open = () => outbox.list({ kind: "item", epoch: "b", limit: 9 }).map(({ id }) => id);
  const token = async (number: number) =>
    (await queue.claim({ reviewer: "ada", leaseMs: 60_000, traceId: traceId(number) }))?.token ?? "";
  return { queue, decisions, settling, open, token, letGo, later: (ms: number) => (now += ms) };
}

const EPOCH = "a";

test("a row stays until its verdict is in the log and its item is decided", async () => {
  const { queue, decisions, settling, open, token, letGo, later } = await setUp();
  const held = await token(1);
  await settling.run(EPOCH);
  expect(open()).toHaveLength(2);
  await decisions.add(sampleDecision(1));
  await settling.run(EPOCH);
  expect(open()).toHaveLength(2);
  await queue.decide(traceId(1), held);
  later(10_000);
  await settling.run(EPOCH);
  expect(open()).toEqual([traceId(2)]);
  expect(letGo).toEqual([traceId(1)]);
});

test("an item that waits for another opinion is not settled", async () => {
  const { queue, decisions, settling, open, token } = await setUp();
  const held = await token(1);
  await decisions.add(sampleDecision(1));
  await queue.passOn(traceId(1), held, { stage: "second", excluded: ["ada"] });
  await settling.run(EPOCH);
  expect(open()).toHaveLength(2);
});

test("a verdict that is withdrawn brings its row back, to be delivered anew", async () => {
  const { queue, decisions, settling, open, token, later } = await setUp();
  await decisions.add(sampleDecision(1));
  await queue.decide(traceId(1), await token(1));
  await settling.run(EPOCH);
  expect(open()).toEqual([traceId(2)]);
  await decisions.add(sampleDecision(1, { verdict: "withdrawn" }));
  await queue.reopen(traceId(1), { stage: "first", excluded: [] });
  await settling.run(EPOCH);
  later(20_000);
  await settling.run(EPOCH);
  expect(open()).toEqual([1, 2].map(traceId));
});

test("what the queue has let go of is settled by the log alone", async () => {
  const { queue, decisions, settling, open, letGo } = await setUp();
  await queue.remove(traceId(1));
  await queue.remove(traceId(2));
  await decisions.add(sampleDecision(1, { next: "decided" }));
  await decisions.add(sampleDecision(2, { next: "second" }));
  await settling.run(EPOCH);
  expect(open()).toEqual([traceId(2)]);
  expect(letGo).toEqual([traceId(1)]);
});

test("a decided item that is handed to a lead brings its row back", async () => {
  const { queue, decisions, settling, open, token } = await setUp();
  await decisions.add(sampleDecision(1, { next: "decided" }));
  await queue.decide(traceId(1), await token(1));
  await settling.run(EPOCH);
  expect(open()).toEqual([traceId(2)]);
  await decisions.add(sampleDecision(1, { verdict: "escalate", next: "escalated" }));
  await queue.reopen(traceId(1), { stage: "escalated", excluded: [] });
  await settling.run(EPOCH);
  expect(open()).toEqual([1, 2].map(traceId));
});
