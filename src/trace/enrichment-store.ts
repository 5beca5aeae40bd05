import type { Database } from "./database.ts";
import type { EnrichmentStore } from "./stores.ts";

/** Re-reads in the state database. */
export function createEnrichmentStore(database: Database): EnrichmentStore {
  const insert = database.prepare(
    `INSERT INTO enrichments (trace_id, made_at, body) VALUES (?, ?, ?)
     ON CONFLICT (trace_id) DO UPDATE SET made_at = excluded.made_at, body = excluded.body`,
  );
  const find = database.prepare<{ body: string }>("SELECT body FROM enrichments WHERE trace_id = ?");
  return {
    async put(traceId, madeAt, body) {
      insert.run(traceId, madeAt, body);
    },
    async get(traceId) {
      return find.get(traceId)?.body;
    },
  };
}
