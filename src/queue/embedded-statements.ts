import type { Database } from "../trace/database.ts";
import type { ItemFilter, QueuedItem } from "./queue.ts";

/** One row of `review_items` with the number of its traces. */
export interface ItemRow {
  readonly body: string;
  readonly state: QueuedItem["state"];
  readonly stage: QueuedItem["stage"];
  readonly excluded: string;
  readonly claimant: string | null;
  readonly lease_until: number | null;
  readonly traces: number;
}

interface Counts {
  readonly waiting: number;
  readonly claimed: number;
  readonly decided: number;
  readonly dead: number;
  readonly oldest: number | null;
  readonly expired: number;
}

const COLUMNS = `body, state, stage, excluded, claimant, lease_until,
  (SELECT count(*) FROM review_members WHERE item_id = review_items.trace_id) AS traces`;
const FREE = "token = NULL, claimant = NULL, lease_until = NULL";
const HELD = "trace_id = ? AND state = 'claimed' AND token = ? AND lease_until > ?";
const ORDER = "ORDER BY priority, created_at, trace_id";

/** Every statement of the embedded queue. A filter's absent fields are bound as NULL. */
export function prepareStatements(database: Database) {
  return { ...prepareChanges(database), ...prepareReads(database) };
}

function prepareChanges(database: Database) {
  const change = (sql: string) => database.prepare(sql);
  return {
    insert: change(
      `INSERT INTO review_items (trace_id, priority, created_at, detector, action, model, repetition, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    move: change("UPDATE review_items SET stage = ?, excluded = ? WHERE trace_id = ?"),
    memberOf: database.prepare<{ item_id: string }>("SELECT item_id FROM review_members WHERE trace_id = ?"),
    repeated: database.prepare<{ trace_id: string }>(
      "SELECT trace_id FROM review_items WHERE repetition = ? AND state <> 'decided' LIMIT 1",
    ),
    join: change("INSERT INTO review_members (trace_id, item_id, created_at) VALUES (?, ?, ?)"),
    members: database.prepare<{ trace_id: string }>(
      "SELECT trace_id FROM review_members WHERE item_id = ? ORDER BY created_at, trace_id LIMIT ?",
    ),
    removeItem: change("DELETE FROM review_items WHERE trace_id = ?"),
    removeMembers: change("DELETE FROM review_members WHERE trace_id = ?1 OR item_id = ?1"),
    anyExpired: change("SELECT 1 FROM review_items WHERE state = 'claimed' AND lease_until <= ? LIMIT 1"),
    expire: change(
      `UPDATE review_items SET abandoned = abandoned + 1, state = iif(abandoned + 1 >= ?, 'dead', 'waiting'), ${FREE}
       WHERE state = 'claimed' AND lease_until <= ?`,
    ),
    countExpired: change(
      `INSERT INTO counters (name, value) VALUES ('leases_expired', ?)
       ON CONFLICT (name) DO UPDATE SET value = value + excluded.value`,
    ),
    next: database.prepare<{ trace_id: string }>(
      `SELECT trace_id FROM review_items WHERE state = 'waiting' AND (? IS NULL OR trace_id = ?)
       AND stage IN (SELECT value FROM json_each(?)) AND (? IS NULL OR detector IN (SELECT value FROM json_each(?)))
       AND NOT EXISTS (SELECT 1 FROM json_each(excluded) WHERE value = ?) ${ORDER} LIMIT 1`,
    ),
    take: change(
      `UPDATE review_items SET state = 'claimed', token = ?, claimant = ?, lease_until = ? WHERE trace_id = ? AND state = 'waiting'`,
    ),
    extend: change(`UPDATE review_items SET lease_until = ? WHERE ${HELD}`),
    free: change(`UPDATE review_items SET state = 'waiting', ${FREE} WHERE ${HELD}`),
    passOn: change(`UPDATE review_items SET state = 'waiting', stage = ?, excluded = ?, ${FREE} WHERE ${HELD}`),
    decide: change(`UPDATE review_items SET state = 'decided', ${FREE} WHERE ${HELD}`),
    reopen: change(
      `UPDATE review_items SET state = 'waiting', stage = ?, excluded = ?, abandoned = 0 WHERE trace_id = ? AND state IN ('decided', 'dead')`,
    ),
  };
}

function prepareReads(database: Database) {
  return {
    find: database.prepare<ItemRow>(`SELECT ${COLUMNS} FROM review_items WHERE trace_id = ?`),
    list: database.prepare<ItemRow>(
      `SELECT ${COLUMNS} FROM review_items WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR stage = ?2)
       AND (?3 IS NULL OR detector = ?3) AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR model = ?5)
       AND (?6 IS NULL OR created_at <= ?6) ${ORDER} LIMIT ?7 OFFSET ?8`,
    ),
    joined: database.prepare<{ trace_id: string; item_id: string; repetition: string }>(
      `SELECT review_members.trace_id, item_id, repetition FROM review_members JOIN review_items ON review_items.trace_id = item_id
       WHERE review_members.trace_id IN (SELECT value FROM json_each(?)) AND review_members.trace_id <> item_id`,
    ),
    counts: database.prepare<Counts>(
      `SELECT coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'claimed'), 0) AS claimed,
       coalesce(sum(state = 'decided'), 0) AS decided, coalesce(sum(state = 'dead'), 0) AS dead,
       min(iif(state = 'waiting', created_at, NULL)) AS oldest,
       coalesce((SELECT value FROM counters WHERE name = 'leases_expired'), 0) AS expired FROM review_items`,
    ),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;

/** The six filter values in the order of the statement. */
export function filterValues(filter: ItemFilter): (string | number | null)[] {
  const { state, stage, detector, action, model, createdBefore } = filter;
  return [state ?? null, stage ?? null, detector ?? null, action ?? null, model ?? null, createdBefore ?? null];
}
