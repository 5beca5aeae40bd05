import type { Database } from "./database.ts";

/**
 * Closed traces that were not read again yet, oldest first: what is left to do after a start. Those that joined another's item or
 * were decided already are left out.
 */
export function listUnreadTraces(database: Database, limit: number): string[] {
  const query = database.prepare<{ id: string }>(
    `SELECT id FROM traces WHERE state <> 'open'
     AND NOT EXISTS (SELECT 1 FROM enrichments WHERE trace_id = traces.id)
     AND NOT EXISTS (SELECT 1 FROM review_members WHERE trace_id = traces.id AND item_id <> traces.id)
     AND NOT EXISTS (SELECT 1 FROM review_items WHERE trace_id = traces.id AND state = 'decided')
     ORDER BY created_at, id LIMIT ?`,
  );
  return query.all(limit).map(({ id }) => id);
}
