import type { Database } from "./database.ts";

/** What is on its way to others: a review item, or the re-read of a trace. */
export type OutboxKind = "item" | "enrichment";

/** One thing that others must get. `id` is the id of its trace; `body` holds no clear text of a request or a model. */
export interface OutboxRow {
  readonly kind: OutboxKind;
  readonly id: string;
  readonly createdAt: number;
  readonly body: string;
  /** Which state of the other side has it; null when none ever had, empty when none has it any more. */
  readonly epoch: string | null;
  /** The review item that its trace belonged to there; null when it never was there. */
  readonly item: string | null;
}

/** Which state of the other side has a row now, and which review item the trace belongs to there. */
export interface Delivery {
  readonly epoch: string;
  readonly item?: string;
}

/** Which rows to list: those that nobody has, or those that another state of the other side had. In order of time. */
export interface OutboxQuery {
  readonly kind: OutboxKind;
  /** The state that is there now; `undefined` lists what no state ever had. */
  readonly epoch?: string;
  readonly after?: Pick<OutboxRow, "createdAt" | "id">;
  readonly limit: number;
}

/**
 * Durable rows, at least once: each change is on disk when the call returns. A row is delivered to one state (epoch) of the
 * other side, and again to the next one until it is settled.
 */
export interface Outbox {
  /**
   * Notes the item of a trace, and that the trace has one. A second call for the same trace changes nothing. `place` delivers
   * to a side that is in the same database, in the same transaction.
   */
  addItem(row: Pick<OutboxRow, "id" | "createdAt" | "body">, place?: () => Delivery): void;
  /** Notes a re-read, new or better than the last one: it is to be delivered (again). */
  putEnrichment(row: Pick<OutboxRow, "id" | "createdAt" | "body">): void;
  find(kind: OutboxKind, id: string): OutboxRow | undefined;
  list(query: OutboxQuery): OutboxRow[];
  /** `item`: the review item that the trace belongs to now. */
  markDelivered(row: Pick<OutboxRow, "kind" | "id">, to: Delivery): void;
  /** Items that nobody has yet, flagged traces without a row included. */
  waiting(): number;
  /** Unsettled items of which the local log has a verdict that stands: their item ids, at most `limit`. */
  listDecided(limit: number): string[];
  /** The traces that belong to an item, as far as they are of this gateway. */
  belonging(itemId: string): string[];
  /** Everything that belongs to an item needs no other delivery. */
  settle(itemId: string): void;
  /** An item is undecided again: everything that belongs to it is delivered anew. */
  reopen(itemId: string): void;
}

const COLUMNS = "kind, id, created_at AS createdAt, body, epoch, item";
const OF_ITEM = "id IN (SELECT id FROM outbox WHERE kind = 'item' AND (id = ?1 OR item = ?1))";
const PAGE = "AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?";

function prepareStatements(database: Database) {
  return {
    addItem: database.prepare(
      "INSERT INTO outbox (kind, id, created_at, body) VALUES ('item', ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    queue: database.prepare("UPDATE traces SET queued = 1 WHERE id = ? AND queued = 0"),
    putEnrichment: database.prepare(
      `INSERT INTO outbox (kind, id, created_at, body)
       SELECT 'enrichment', ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE trace_id = ?1)
       ON CONFLICT (kind, id) DO UPDATE SET created_at = excluded.created_at, body = excluded.body, epoch = NULL, settled = 0`,
    ),
    find: database.prepare<OutboxRow>(`SELECT ${COLUMNS} FROM outbox WHERE kind = ? AND id = ?`),
    listNew: database.prepare<OutboxRow>(`SELECT ${COLUMNS} FROM outbox WHERE kind = ? AND epoch IS NULL ${PAGE}`),
    listStale: database.prepare<OutboxRow>(
      `SELECT ${COLUMNS} FROM outbox WHERE kind = ? AND settled = 0 AND epoch <> ? ${PAGE}`,
    ),
    markDelivered: database.prepare("UPDATE outbox SET epoch = ?, item = coalesce(?, item) WHERE kind = ? AND id = ?"),
    waiting: database.prepare<{ rows: number }>(
      `SELECT (SELECT count(*) FROM outbox WHERE kind = 'item' AND epoch IS NULL)
       + (SELECT count(*) FROM traces WHERE queued = 0) AS rows`,
    ),
    listDecided: database.prepare<{ item: string }>(
      `SELECT DISTINCT coalesce(item, id) AS item FROM outbox WHERE kind = 'item' AND settled = 0 AND epoch IS NOT NULL
       AND (SELECT verdict FROM decisions WHERE trace_id = coalesce(item, id) ORDER BY sequence DESC LIMIT 1) <> 'withdrawn'
       LIMIT ?`,
    ),
    belonging: database.prepare<{ id: string }>("SELECT id FROM outbox WHERE kind = 'item' AND (id = ?1 OR item = ?1)"),
    settle: database.prepare(`UPDATE outbox SET settled = 1 WHERE settled = 0 AND ${OF_ITEM}`),
    reopen: database.prepare(`UPDATE outbox SET settled = 0, epoch = '' WHERE settled = 1 AND ${OF_ITEM}`),
  };
}

/** The outbox in the state database. */
export function createOutbox(database: Database): Outbox {
  const sql = prepareStatements(database);
  const mark: Outbox["markDelivered"] = ({ kind, id }, { epoch, item }) =>
    void sql.markDelivered.run(epoch, item ?? null, kind, id);
  return {
    addItem({ id, createdAt, body }, place) {
      database.transaction(() => {
        sql.queue.run(id);
        if (sql.addItem.run(id, createdAt, body) > 0 && place !== undefined) mark({ kind: "item", id }, place());
      });
    },
    putEnrichment: ({ id, createdAt, body }) => void sql.putEnrichment.run(id, createdAt, body),
    find: (kind, id) => sql.find.get(kind, id),
    list({ kind, epoch, after, limit }) {
      const place = [after?.createdAt ?? -1, after?.id ?? "", limit];
      return epoch === undefined ? sql.listNew.all(kind, ...place) : sql.listStale.all(kind, epoch, ...place);
    },
    markDelivered: mark,
    waiting: () => sql.waiting.get()?.rows ?? 0,
    listDecided: (limit) => sql.listDecided.all(limit).map(({ item }) => item),
    belonging: (itemId) => sql.belonging.all(itemId).map(({ id }) => id),
    settle: (itemId) => void sql.settle.run(itemId),
    reopen: (itemId) => void sql.reopen.run(itemId),
  };
}
