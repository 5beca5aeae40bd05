import { setImmediate as nextTurn } from "node:timers/promises";
import type { Database } from "./database.ts";
import type { TraceStore } from "./stores.ts";

/** Where a request is looked for. */
export interface LookupParts {
  readonly database: Database;
  readonly traces: Pick<TraceStore, "get">;
}

const PAGE = 200;

/**
 * Ids of the traces of a request. Its score rows name them; only where there is no row any more, the traces on this disk are opened
 * one after the other.
 */
export async function findTracesOfRequest({ database, traces }: LookupParts, requestId: string): Promise<string[]> {
  const rows = database
    .prepare<{ id: string | null; here: number }>(
      `SELECT json_extract(body, '$.traceId') AS id, EXISTS (SELECT 1 FROM traces WHERE id = json_extract(body, '$.traceId')) AS here
       FROM scores WHERE json_extract(body, '$.requestId') = ? AND (origin IS NOT NULL OR here)`,
    )
    .all(requestId);
  const named = rows.flatMap(({ id }) => id ?? []);
  if (named.length > 0) return [...new Set(named)];
  const page = database.prepare<{ id: string }>("SELECT id FROM traces WHERE id > ? ORDER BY id LIMIT ?");
  const found: string[] = [];
  for (let ids = page.all("", PAGE); ids.length > 0; ids = page.all(ids.at(-1)?.id ?? "", PAGE)) {
    for (const { id } of ids) if ((await traces.get(id))?.head.requestId === requestId) found.push(id);
    // Requests are served in between.
    await nextTurn();
  }
  return found;
}
