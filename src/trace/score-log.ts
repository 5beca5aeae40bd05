import type { Database } from "./database.ts";
import type { ScoreLog } from "./stores.ts";
import type { ScoreRow } from "./trace.ts";

/** Score rows in the state database. `since` is inclusive, in milliseconds since 1970. */
export function createScoreLog(database: Database): ScoreLog {
  const insert = database.prepare("INSERT INTO scores (created_at, body) VALUES (?, ?)");
  const newest = database.prepare<{ body: string }>(
    "SELECT body FROM scores WHERE created_at >= ? ORDER BY created_at DESC, sequence DESC LIMIT ?",
  );
  const rows = database.prepare<{ rows: number }>("SELECT count(*) AS rows FROM scores");

  return {
    async add(row) {
      insert.run(row.createdAt, JSON.stringify(row));
    },
    async list(options) {
      return newest.all(options.since ?? 0, options.limit).map(({ body }) => JSON.parse(body) as ScoreRow);
    },
    async count() {
      return rows.get()?.rows ?? 0;
    },
  };
}
