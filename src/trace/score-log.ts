import type { Database } from "./database.ts";
import type { ScoreLog } from "./stores.ts";
import type { ScoreRow } from "./trace.ts";

/** The log of one state folder, with what sharing it takes. */
export interface LocalScoreLog extends ScoreLog {
  /** Like `add`, on disk when it returns; within a transaction a part of it. */
  insert(row: ScoreRow): void;
  /** This gateway's own rows after a place, oldest first, as they are kept. */
  own(after: number, limit: number): { readonly sequence: number; readonly body: string }[];
  /** Adds rows of another gateway with their places there; known ones change nothing. */
  addOthers(origin: string, rows: readonly { readonly sequence: number; readonly row: ScoreRow }[]): void;
  /** The place of the newest row of another gateway; 0 when there is none. */
  lastOf(origin: string): number;
  /** Keeps the newest rows of another gateway. */
  trim(origin: string, rows: number): void;
}

/** Score rows in the state database, copies of other gateways' included. `since` is inclusive, in milliseconds since 1970. */
export function createScoreLog(database: Database): LocalScoreLog {
  const insert = database.prepare("INSERT INTO scores (created_at, body) VALUES (?, ?)");
  const insertOther = database.prepare(
    "INSERT INTO scores (created_at, body, origin, origin_sequence) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const newest = database.prepare<{ body: string }>(
    "SELECT body FROM scores WHERE created_at >= ? ORDER BY created_at DESC, sequence DESC LIMIT ?",
  );
  const own = database.prepare<{ sequence: number; body: string }>(
    "SELECT sequence, body FROM scores WHERE sequence > ? AND origin IS NULL ORDER BY sequence LIMIT ?",
  );
  const last = database.prepare<{ last: number | null }>(
    "SELECT max(origin_sequence) AS last FROM scores WHERE origin = ?",
  );
  const trim = database.prepare("DELETE FROM scores WHERE origin = ? AND origin_sequence <= ?");
  const finder = (field: "requestId" | "traceId") =>
    database.prepare<{ body: string; origin: string | null }>(
      `SELECT body, origin FROM scores WHERE json_extract(body, '$.${field}') = ? ORDER BY created_at DESC, sequence DESC LIMIT ?`,
    );
  const [ofRequest, ofTrace] = [finder("requestId"), finder("traceId")];
  const rows = database.prepare<{ rows: number }>("SELECT count(*) AS rows FROM scores");
  const lastOf = (origin: string): number => last.get(origin)?.last ?? 0;

  const insertOwn = (row: ScoreRow): void => void insert.run(row.createdAt, JSON.stringify(row));

  return {
    insert: insertOwn,
    add: async (row) => insertOwn(row),
    async list(options) {
      return newest.all(options.since ?? 0, options.limit).map(({ body }) => JSON.parse(body) as ScoreRow);
    },
    async count() {
      return rows.get()?.rows ?? 0;
    },
    async find(query) {
      const { limit } = query;
      const found = "requestId" in query ? ofRequest.all(query.requestId, limit) : ofTrace.all(query.traceId, limit);
      return found.map(({ body, origin }) => ({ row: JSON.parse(body) as ScoreRow, origin }));
    },
    own: (after, limit) => own.all(after, limit),
    addOthers(origin, others) {
      if (others.length === 0) return;
      database.transaction(() => {
        for (const { sequence, row } of others) insertOther.run(row.createdAt, JSON.stringify(row), origin, sequence);
      });
    },
    lastOf,
    trim: (origin, kept) => void trim.run(origin, lastOf(origin) - kept),
  };
}
