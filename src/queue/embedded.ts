import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { Database } from "../trace/database.ts";
import type { QueuedItem, ReviewItem, ReviewQueue } from "./queue.ts";

/** The connection that the queue shares with the stores, and where time and tokens come from. */
export interface EmbeddedQueueOptions {
  readonly database: Database;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** An unguessable text, fresh at every call. */
  readonly randomToken?: () => string;
}

interface ItemRow {
  readonly body: string;
  readonly state: QueuedItem["state"];
  readonly claimant: string | null;
  readonly lease_until: number | null;
}

interface Counts {
  readonly waiting: number;
  readonly claimed: number;
  readonly decided: number;
  readonly oldest: number | null;
  readonly expired: number;
}

const COLUMNS = "body, state, claimant, lease_until";
const FREE = "token = NULL, claimant = NULL, lease_until = NULL";
const HELD = "trace_id = ? AND state = 'claimed' AND token = ? AND lease_until > ?";

function prepareStatements(database: Database) {
  const items = (sql: string) => database.prepare<ItemRow>(sql);
  return {
    insert: database.prepare(
      "INSERT INTO review_items (trace_id, priority, created_at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    anyExpired: database.prepare("SELECT 1 FROM review_items WHERE state = 'claimed' AND lease_until <= ? LIMIT 1"),
    expire: database.prepare(
      `UPDATE review_items SET state = 'waiting', ${FREE} WHERE state = 'claimed' AND lease_until <= ?`,
    ),
    countExpired: database.prepare(
      `INSERT INTO counters (name, value) VALUES ('leases_expired', ?)
       ON CONFLICT (name) DO UPDATE SET value = value + excluded.value`,
    ),
    next: database.prepare<{ trace_id: string }>(
      `SELECT trace_id FROM review_items WHERE state = 'waiting' ORDER BY priority, created_at, trace_id LIMIT 1`,
    ),
    take: database.prepare(
      `UPDATE review_items SET state = 'claimed', token = ?, claimant = ?, lease_until = ? WHERE trace_id = ? AND state = 'waiting'`,
    ),
    extend: database.prepare(`UPDATE review_items SET lease_until = ? WHERE ${HELD}`),
    free: database.prepare(`UPDATE review_items SET state = 'waiting', ${FREE} WHERE ${HELD}`),
    decide: database.prepare(`UPDATE review_items SET state = 'decided', ${FREE} WHERE ${HELD}`),
    find: items(`SELECT ${COLUMNS} FROM review_items WHERE trace_id = ?`),
    all: items(`SELECT ${COLUMNS} FROM review_items ORDER BY priority, created_at, trace_id LIMIT ? OFFSET ?`),
    inState: items(
      `SELECT ${COLUMNS} FROM review_items WHERE state = ? ORDER BY priority, created_at, trace_id LIMIT ? OFFSET ?`,
    ),
    counts: database.prepare<Counts>(
      `SELECT coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'claimed'), 0) AS claimed,
       coalesce(sum(state = 'decided'), 0) AS decided, min(iif(state = 'waiting', created_at, NULL)) AS oldest,
       coalesce((SELECT value FROM counters WHERE name = 'leases_expired'), 0) AS expired FROM review_items`,
    ),
  };
}

type Statements = ReturnType<typeof prepareStatements>;

/** The review queue in the state database. Every verb first turns claims whose lease ran out back into waiting items. */
export function createEmbeddedQueue(options: EmbeddedQueueOptions): ReviewQueue {
  const { database, clock = Date.now, randomToken = () => randomBytes(16).toString("hex") } = options;
  const sql = prepareStatements(database);

  /** Returns the time it judged by. Reading does not take the write lock while nothing has run out. */
  function expireLeases(): number {
    const now = clock();
    if (sql.anyExpired.get(now) === undefined) return now;
    database.transaction(() => {
      const expired = sql.expire.run(now);
      if (expired > 0) sql.countExpired.run(expired);
    });
    return now;
  }

  return {
    async enqueue(item) {
      const { traceId, detector, action, score, threshold, priority, createdAt } = item;
      const kept: ReviewItem = { traceId, detector, action, score, threshold, priority, createdAt };
      return sql.insert.run(traceId, priority, createdAt, JSON.stringify(kept)) === 1;
    },
    async claim({ reviewer, leaseMs, traceId }) {
      const leaseUntil = expireLeases() + leaseMs;
      const token = randomToken();
      return database.transaction(() => {
        const id = traceId ?? sql.next.get()?.trace_id;
        if (id === undefined || sql.take.run(token, JSON.stringify(reviewer), leaseUntil, id) === 0) return undefined;
        const row = sql.find.get(id);
        return row === undefined ? undefined : { item: toItem(row), token, leaseUntil };
      });
    },
    ...heldVerbs(sql, expireLeases),
    ...readingVerbs(sql, expireLeases),
    // The connection belongs to whoever opened it.
    async close() {},
  };
}

/** What only the holder of a claim may do. */
function heldVerbs(sql: Statements, expireLeases: () => number): Pick<ReviewQueue, "heartbeat" | "release" | "decide"> {
  function demandHeld(changes: number, traceId: string): void {
    if (changes > 0) return;
    const message = `The claim on ${traceId} has run out, or belongs to someone else; claim it again.`;
    throw new GatewayError("conflict", message);
  }
  return {
    async heartbeat(traceId, token, leaseMs) {
      const now = expireLeases();
      demandHeld(sql.extend.run(now + leaseMs, traceId, token, now), traceId);
      return now + leaseMs;
    },
    async release(traceId, token) {
      demandHeld(sql.free.run(traceId, token, expireLeases()), traceId);
    },
    async decide(traceId, token) {
      demandHeld(sql.decide.run(traceId, token, expireLeases()), traceId);
    },
  };
}

function readingVerbs(sql: Statements, expireLeases: () => number): Pick<ReviewQueue, "get" | "list" | "stats"> {
  return {
    async get(traceId) {
      expireLeases();
      const row = sql.find.get(traceId);
      return row === undefined ? undefined : toItem(row);
    },
    async list({ state, limit, offset = 0 }) {
      expireLeases();
      const rows = state === undefined ? sql.all.all(limit, offset) : sql.inState.all(state, limit, offset);
      return rows.map(toItem);
    },
    async stats() {
      const now = expireLeases();
      const { waiting = 0, claimed = 0, decided = 0, oldest = null, expired = 0 } = sql.counts.get() ?? {};
      const oldestWaitingMs = oldest === null ? 0 : Math.max(0, now - oldest);
      return { waiting, claimed, decided, oldestWaitingMs, leasesExpired: expired };
    },
  };
}

function toItem(row: ItemRow): QueuedItem {
  const claimedBy = row.claimant === null ? null : (JSON.parse(row.claimant) as string);
  return { ...(JSON.parse(row.body) as ReviewItem), state: row.state, claimedBy, leaseUntil: row.lease_until };
}
