import { setImmediate as nextTurn } from "node:timers/promises";
import type { Database } from "./database.ts";
import type { ScoreLog, TraceStore } from "./stores.ts";

/** Where a request is looked for. */
export interface LookupParts {
  readonly database: Database;
  /** Those of the same database. */
  readonly traces: Pick<TraceStore, "get">;
  readonly scores: Pick<ScoreLog, "find">;
}

const PAGE = 200;
/** Nobody has sent so many under one id. */
const ALL = 1_000_000;

/** What the column `request` of a trace holds: a JSON text, since a plain one is cut at its first NUL character. */
export function requestKey(requestId: string): string {
  return JSON.stringify(requestId);
}

/** Ids of a request's traces on this disk, oldest first. */
export async function findTracesHere(
  parts: Pick<LookupParts, "database" | "traces">,
  requestId: string,
): Promise<string[]> {
  await nameAll(parts);
  return parts.database
    .prepare<{ id: string }>("SELECT id FROM traces WHERE request = ? ORDER BY created_at, id")
    .all(requestKey(requestId))
    .map(({ id }) => id);
}

/** Ids of the traces of a request: those on this disk, and those that other gateways' score rows name. */
export async function findTracesOfRequest(parts: LookupParts, requestId: string): Promise<string[]> {
  const rows = await parts.scores.find({ requestId, limit: ALL });
  const elsewhere = rows.flatMap(({ row, origin }) => (origin === null ? [] : (row.traceId ?? [])));
  return [...new Set([...(await findTracesHere(parts, requestId)), ...elsewhere])];
}

/** Traces of an earlier version do not say their request in clear: each is opened once. */
async function nameAll({ database, traces }: Pick<LookupParts, "database" | "traces">): Promise<void> {
  const page = database.prepare<{ id: string }>(
    "SELECT id FROM traces WHERE request IS NULL AND id > ? ORDER BY id LIMIT ?",
  );
  const name = database.prepare("UPDATE traces SET request = ? WHERE id = ?");
  for (let ids = page.all("", PAGE); ids.length > 0; ids = page.all(ids.at(-1)?.id ?? "", PAGE)) {
    const opened = await Promise.all(ids.map(({ id }) => traces.get(id)));
    database.transaction(() => {
      for (const trace of opened) if (trace !== undefined) name.run(requestKey(trace.head.requestId), trace.head.id);
    });
    // Requests are served in between.
    await nextTurn();
  }
}
