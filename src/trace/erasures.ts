import type { Database } from "./database.ts";

/** What was deleted on purpose, so that nothing of it comes back, and others hear of it. */
export interface Erasures {
  /**
   * Removes traces with their evidence, re-reads and rows in the outbox, in one step, and notes that they are gone, unknown ones
   * included. One that is being written stays; its id is left out of the answer.
   */
  erase(traceIds: readonly string[], at: number): string[];
  isErased(traceId: string): boolean;
  /** Erased traces that this state of the other side has not been told of, oldest first. */
  listUntold(epoch: string, limit: number): string[];
  markTold(traceId: string, epoch: string): void;
  /** Traces that had joined an item which was erased since then, and wait, are to be delivered anew. To be called when the queue has forgotten it. */
  release(since: number): void;
  /** Forgets what was erased before a time: everyone has heard of it. */
  prune(before: number): void;
  /** Empties the write-ahead log, where the last pages of what was erased still lie. */
  flush(): void;
}

/** Erasures in the state database. */
export function createErasures(database: Database): Erasures {
  const isOpen = database.prepare("SELECT 1 FROM traces WHERE id = ? AND state = 'open'");
  const note = database.prepare("INSERT INTO erasures (trace_id, erased_at) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const removals = [
    "DELETE FROM evidence WHERE trace_id = ?",
    "DELETE FROM traces WHERE id = ?",
    "DELETE FROM enrichments WHERE trace_id = ?",
    "DELETE FROM outbox WHERE id = ?",
  ].map((sql) => database.prepare(sql));
  const find = database.prepare("SELECT 1 FROM erasures WHERE trace_id = ?");
  const untold = database.prepare<{ id: string }>(
    "SELECT trace_id AS id FROM erasures WHERE epoch IS NOT ? ORDER BY erased_at, trace_id LIMIT ?",
  );
  const told = database.prepare("UPDATE erasures SET epoch = ? WHERE trace_id = ?");
  const stranded = "kind = 'item' AND settled = 0 AND item IN (SELECT trace_id FROM erasures WHERE erased_at >= ?)";
  const anyStranded = database.prepare(`SELECT 1 FROM outbox WHERE ${stranded} LIMIT 1`);
  const release = database.prepare(`UPDATE outbox SET epoch = NULL, item = NULL WHERE ${stranded}`);
  const prune = database.prepare("DELETE FROM erasures WHERE erased_at < ?");
  const checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  return {
    erase: (traceIds, at) =>
      database.transaction(() => {
        const closed = traceIds.filter((id) => isOpen.get(id) === undefined);
        for (const id of closed) {
          for (const removal of removals) removal.run(id);
          note.run(id, at);
        }
        return closed;
      }),
    isErased: (traceId) => find.get(traceId) !== undefined,
    listUntold: (epoch, limit) => untold.all(epoch, limit).map(({ id }) => id),
    markTold: (traceId, epoch) => void told.run(epoch, traceId),
    release(since) {
      // A look that changes nothing takes no lock.
      if (anyStranded.get(since) !== undefined) release.run(since);
    },
    prune: (before) => void prune.run(before),
    flush: () => void checkpoint.all(),
  };
}
