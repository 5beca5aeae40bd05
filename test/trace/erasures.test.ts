import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DATABASE_FILE, openDatabase } from "../../src/trace/database.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { createErasures } from "../../src/trace/erasures.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

async function openFilled() {
  const folder = temporaryFolder();
  const database = openDatabase({ folder });
  const [traces, outbox, enrichments] = [
    createTraceStore(database),
    createOutbox(database),
    createEnrichmentStore(database),
  ];
  for (const number of [1, 2]) {
    await traces.open(sampleHead(number), sampleEvidence());
    await traces.append(traceId(number), sampleEvidence());
    await traces.close(traceId(number), sampleEnd(), "complete");
    outbox.addItem({ id: traceId(number), createdAt: number, body: "{}" });
    await enrichments.put(traceId(number), 5, '{"version":1}');
    outbox.putEnrichment({ id: traceId(number), createdAt: 5, body: "" });
  }
  return { folder, database, traces, outbox, enrichments, erasures: createErasures(database) };
}

test("everything of an erased trace goes, and nothing of another", async () => {
  const { database, traces, erasures } = await openFilled();
  expect(erasures.erase([traceId(1)], 100)).toEqual([traceId(1)]);
  expect(await traces.get(traceId(1))).toBeUndefined();
  for (const table of ["traces", "evidence", "enrichments", "outbox"]) {
    const rows = JSON.stringify(database.prepare(`SELECT * FROM ${table}`).all());
    expect(rows, table).not.toContain(traceId(1));
    expect(rows, table).toContain(traceId(2));
  }
  expect([erasures.isErased(traceId(1)), erasures.isErased(traceId(2))]).toEqual([true, false]);
});

test("its bytes are gone from the files of the database", async () => {
  const { folder, erasures } = await openFilled();
  const onDisk = () =>
    ["", "-wal"].map((suffix) => readFileSync(join(folder, DATABASE_FILE + suffix), "latin1")).join();
  expect(onDisk()).toContain("Tell me about sushi.");
  erasures.erase([1, 2].map(traceId), 100);
  erasures.flush();
  expect(onDisk()).not.toMatch(/Tell me about sushi|Japan|"version":1/);
});

test("a re-read that comes too late finds no place", async () => {
  const { enrichments, outbox, erasures } = await openFilled();
  erasures.erase([traceId(1)], 100);
  await enrichments.put(traceId(1), 200, "late");
  outbox.putEnrichment({ id: traceId(1), createdAt: 200, body: "" });
  expect(await enrichments.get(traceId(1))).toBeUndefined();
  expect(outbox.find("enrichment", traceId(1))).toBeUndefined();
});

test("a trace that is being written stays", async () => {
  const { traces, erasures } = await openFilled();
  await traces.open(sampleHead(3), sampleEvidence());
  expect(erasures.erase([traceId(3), traceId(2)], 100)).toEqual([traceId(2)]);
  expect(await traces.get(traceId(3))).toBeDefined();
  expect(erasures.isErased(traceId(3))).toBe(false);
});

test("each state of the other side is told of each erasure once, the oldest first", async () => {
  const { erasures } = await openFilled();
  erasures.erase([traceId(2)], 100);
  erasures.erase([traceId(1)], 200);
  expect(erasures.listUntold("a", 9)).toEqual([2, 1].map(traceId));
  erasures.markTold(traceId(2), "a");
  expect(erasures.listUntold("a", 9)).toEqual([traceId(1)]);
  expect(erasures.listUntold("b", 1)).toEqual([traceId(2)]);
  erasures.prune(150);
  expect(erasures.listUntold("b", 9)).toEqual([traceId(1)]);
});

test("waiting traces that had joined an erased item are delivered anew, settled ones are not", async () => {
  const { outbox, erasures } = await openFilled();
  for (const number of [3, 4]) outbox.addItem({ id: traceId(number), createdAt: number, body: "{}" });
  const delivered = (number: number, item: number) =>
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a", item: traceId(item) });
  delivered(2, 2);
  delivered(3, 1);
  erasures.erase([traceId(1)], 100);
  delivered(4, 1);
  erasures.release(50);
  expect(outbox.list({ kind: "item", limit: 9 }).map(({ id }) => id)).toEqual([3, 4].map(traceId));
  for (const number of [3, 4]) delivered(number, 2);
  outbox.settle(traceId(2));
  erasures.erase([traceId(2)], 200);
  erasures.release(50);
  expect(outbox.list({ kind: "item", limit: 9 })).toEqual([]);
});
