import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Database } from "./database.ts";
import type { AuditEntry, AuditLog } from "./stores.ts";

interface AuditRow {
  readonly sequence: number;
  readonly body: string;
  readonly hash: string;
}

/** The log of one state folder, with what copying it elsewhere takes. */
export interface LocalAuditLog extends AuditLog {
  /** Entries after a place, oldest first: JSON of entry and hash. */
  copy(after: number, limit: number): { readonly sequence: number; readonly body: string }[];
}

/** The audit log in the state database: hash = sha256(hash of the entry before + body). The table refuses changes. */
export function createAuditLog(database: Database): LocalAuditLog {
  const insert = database.prepare("INSERT INTO audit (body, hash) VALUES (?, ?)");
  const last = database.prepare<{ hash: string }>("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1");
  const newest = database.prepare<AuditRow>(
    "SELECT sequence, body, hash FROM audit WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
  );
  // In the words of the index.
  const ofTrace = database.prepare<AuditRow>(
    `SELECT sequence, body, hash FROM audit WHERE json_extract(body, '$.traceId') = ? AND sequence < ?
     ORDER BY sequence DESC LIMIT ?`,
  );
  const page = database.prepare<AuditRow>(
    "SELECT sequence, body, hash FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?",
  );

  return {
    async add({ at, actor, event, traceId, detail }) {
      const body = JSON.stringify({ at, actor, event, traceId, detail });
      database.transaction(() => insert.run(body, chain(last.get()?.hash ?? "", body)));
    },
    async list({ limit, before = Number.MAX_SAFE_INTEGER, traceId }) {
      const rows = traceId === undefined ? newest.all(before, limit) : ofTrace.all(traceId, before, limit);
      return rows.map(({ sequence, body }) => ({ sequence, entry: JSON.parse(body) as AuditEntry }));
    },
    copy: (after, limit) =>
      page.all(after, limit).map(({ sequence, body, hash }) => ({ sequence, body: JSON.stringify({ body, hash }) })),
    async verify() {
      let previous = { sequence: 0, hash: "" };
      for (;;) {
        const rows = page.all(previous.sequence, 1_000);
        for (const row of rows) {
          if (row.sequence !== previous.sequence + 1 || row.hash !== chain(previous.hash, row.body))
            return row.sequence;
          previous = row;
        }
        if (rows.length === 0) return undefined;
        // Requests are served in between: a long log takes seconds.
        await nextTurn();
      }
    },
  };
}

function chain(previous: string, body: string): string {
  return createHash("sha256").update(previous).update("\n").update(body).digest("hex");
}
