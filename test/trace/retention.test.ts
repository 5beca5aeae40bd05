import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { createErasures } from "../../src/trace/erasures.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { removeExpired } from "../../src/trace/retention.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleEnd, sampleEvidence, sampleHead, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

/** Traces 1 to 5 of the moments 1,000 to 5,000; the first three have their verdict. */
async function openFilled() {
  const database = openDatabase({ folder: temporaryFolder() });
  const [traces, outbox, scores] = [createTraceStore(database), createOutbox(database), createScoreLog(database)];
  for (const number of [1, 2, 3, 4, 5]) {
    const createdAt = number * 1_000;
    await traces.open(sampleHead(number, { createdAt }), sampleEvidence());
    if (number < 5) await traces.close(traceId(number), sampleEnd(), "complete");
    outbox.addItem({ id: traceId(number), createdAt, body: "{}" });
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a", item: traceId(number) });
    if (number <= 3) outbox.settle(traceId(number));
    await scores.add(sampleScoreRow(number, { createdAt, traceId: traceId(number) }));
  }
  const erasures = createErasures(database);
  const left = () =>
    database
      .prepare<{ id: string }>("SELECT id FROM traces ORDER BY id")
      .all()
      .map(({ id }) => id);
  const look = (retention: object) =>
    removeExpired({ database, retention, eraseAll: (ids) => erasures.erase(ids, 9), clock: () => 10_000 });
  return { database, scores, left, look };
}

test("without a word about it nothing is removed", async () => {
  const { left, look } = await openFilled();
  expect(await look({})).toEqual({ traces: 0, unreviewed: 0, enrichments: 0, scores: 0, firstScore: 1 });
  expect(left()).toHaveLength(5);
});

test("by age traces go reviewed or not, the others are counted, and one that is being written stays", async () => {
  const { left, look } = await openFilled();
  expect(await look({ tracesMs: 7_000 })).toMatchObject({ traces: 2, unreviewed: 0 });
  expect(left()).toEqual([3, 4, 5].map(traceId));
  expect(await look({ tracesMs: 1 })).toMatchObject({ traces: 2, unreviewed: 1 });
  expect(left()).toEqual([traceId(5)]);
});

test("by number only those go that have their verdict, the oldest first", async () => {
  const { left, look } = await openFilled();
  expect(await look({ tracesMax: 4 })).toMatchObject({ traces: 1, unreviewed: 0 });
  expect(left()).toEqual([2, 3, 4, 5].map(traceId));
  expect(await look({ tracesMax: 1 })).toMatchObject({ traces: 2 });
  expect(left()).toEqual([4, 5].map(traceId));
});

test("by number those go, too, that were recorded without an item", async () => {
  const { database, left, look } = await openFilled();
  database.prepare("DELETE FROM outbox WHERE id = ?").run(traceId(4));
  expect(await look({ tracesMax: 1 })).toMatchObject({ traces: 4 });
  expect(left()).toEqual([traceId(5)]);
});

test("score rows go by their own age, and the oldest that is left is named", async () => {
  const { scores, left, look } = await openFilled();
  expect(await look({ scoresMs: 7_500 })).toMatchObject({ scores: 2, firstScore: 3 });
  expect(await scores.count()).toBe(3);
  expect(left()).toHaveLength(5);
  expect(await look({ scoresMs: 1 })).toMatchObject({ scores: 3, firstScore: null });
});

test("re-reads of other gateways' traces go by age", async () => {
  const { database, look } = await openFilled();
  const enrichments = createEnrichmentStore(database);
  await enrichments.put(traceId(77), 1_000, "theirs, old");
  await enrichments.put(traceId(78), 9_000, "theirs, new");
  expect(await look({ tracesMs: 5_000 })).toMatchObject({ enrichments: 1 });
  expect(await enrichments.get(traceId(78))).toBe("theirs, new");
});
