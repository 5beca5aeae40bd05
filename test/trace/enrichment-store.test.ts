import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { AWKWARD_TEXT, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("the last re-read of a trace is kept, for another process too", async () => {
  const folder = temporaryFolder();
  const store = createEnrichmentStore(openDatabase({ folder }));
  expect(await store.get(traceId(1))).toBeUndefined();
  await store.put(traceId(1), 1, "{}");
  const body = JSON.stringify({ text: AWKWARD_TEXT });
  await store.put(traceId(1), 2, body);
  expect(await createEnrichmentStore(openDatabase({ folder })).get(traceId(1))).toBe(body);
});
