import { expect, it } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { listUnreadTraces } from "../../src/trace/unread-traces.ts";
import { sampleEnd, sampleEvidence, sampleHead, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

it("lists closed traces that were not read again, but those that joined another's item or were decided", async () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const [traces, queue] = [createTraceStore(database), createEmbeddedQueue({ database })];
  for (const number of [6, 5, 4, 3, 2, 1]) {
    await traces.open(sampleHead(number), sampleEvidence());
    if (number !== 6) await traces.close(traceId(number), sampleEnd(), "complete");
  }
  await createEnrichmentStore(database).put(traceId(2), 1, "{}");
  await queue.enqueue(sampleItem(1, { repetition: "same" }));
  await queue.enqueue(sampleItem(3, { repetition: "same" }));
  await queue.enqueue(sampleItem(4));
  const claim = await queue.claim({ reviewer: "r", leaseMs: 1000, traceId: traceId(4) });
  await queue.decide(traceId(4), claim?.token ?? "");
  expect(listUnreadTraces(database, 10)).toEqual([traceId(1), traceId(5)]);
  expect(listUnreadTraces(database, 1)).toEqual([traceId(1)]);
});
