import type { Database } from "./database.ts";
import { createClearSealing, type Sealing } from "./sealing.ts";
import type { EnrichmentStore } from "./stores.ts";

/** What a sealed re-read is sealed to. */
export function enrichmentContext(traceId: string): string {
  return `enrichment ${traceId}`;
}

/** Re-reads in the state database, sealed, but of traces that were deleted meanwhile; without `sealing` they are clear, which is for tests. */
export function createEnrichmentStore(database: Database, sealing: Sealing = createClearSealing()): EnrichmentStore {
  const insert = database.prepare(
    `INSERT INTO enrichments (trace_id, made_at, body)
     SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE trace_id = ?1)
     ON CONFLICT (trace_id) DO UPDATE SET made_at = excluded.made_at, body = excluded.body`,
  );
  const find = database.prepare<{ body: string }>("SELECT body FROM enrichments WHERE trace_id = ?");
  return {
    async put(traceId, madeAt, body) {
      insert.run(traceId, madeAt, sealing.seal(body, enrichmentContext(traceId)));
    },
    async get(traceId) {
      const row = find.get(traceId);
      return row === undefined ? undefined : sealing.openAny(row.body, enrichmentContext(traceId));
    },
  };
}
