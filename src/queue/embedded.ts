import { randomBytes } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { Database } from "../trace/database.ts";
import { filterValues, prepareStatements, type ItemRow, type Statements } from "./embedded-statements.ts";
import { packTexts, unpackTexts } from "./text-list.ts";
import { isFlood, MAX_ABANDONED, type Enqueued, type Former, type QueuedItem } from "./queue.ts";
import type { ReviewItem, ReviewQueue } from "./queue.ts";

/** The connection that the queue shares with the stores, and where time and tokens come from. */
export interface EmbeddedQueueOptions {
  readonly database: Database;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** An unguessable text, fresh at every call. */
  readonly randomToken?: () => string;
}

/** The queue, and a way into it for who writes to the same database. */
export interface EmbeddedQueue extends ReviewQueue {
  /** Like `enqueue`, as a part of the transaction that the caller is in. Says which item the trace belongs to. */
  place(item: ReviewItem): { readonly outcome: Enqueued; readonly itemId: string };
}

/** The review queue in the state database. Every verb first turns claims whose lease ran out back into waiting items. */
export function createEmbeddedQueue(options: EmbeddedQueueOptions): EmbeddedQueue {
  const { database, clock = Date.now, randomToken = () => randomBytes(16).toString("hex") } = options;
  const sql = prepareStatements(database);

  /** Returns the time it judged by. Reading does not take the write lock while nothing has run out. */
  function expireLeases(): number {
    const now = clock();
    if (sql.anyExpired.get(now) === undefined) return now;
    database.transaction(() => {
      const expired = sql.expire.run(MAX_ABANDONED, now);
      if (expired > 0) sql.countExpired.run(expired);
    });
    return now;
  }

  return {
    place(item) {
      const outcome = enqueueIn(sql, item);
      return { outcome, itemId: sql.memberOf.get(item.traceId)?.item_id ?? item.traceId };
    },
    async enqueue(item, former) {
      return database.transaction(() => enqueueIn(sql, item, former));
    },
    async claim({ reviewer, leaseMs, traceId, detectors, stages }) {
      const leaseUntil = expireLeases() + leaseMs;
      const token = randomToken();
      const named = traceId ?? null;
      const wanted = detectors === undefined ? null : JSON.stringify(detectors);
      const open = JSON.stringify(stages ?? (traceId === undefined ? ["first", "second"] : STAGES));
      return database.transaction(() => {
        const id = sql.next.get(named, named, open, wanted, wanted, JSON.stringify(reviewer))?.trace_id;
        if (id === undefined || sql.take.run(token, JSON.stringify(reviewer), leaseUntil, id) === 0) return undefined;
        const row = sql.find.get(id);
        return row === undefined ? undefined : { item: toItem(row), token, leaseUntil };
      });
    },
    async reopen(traceId, { stage, excluded }) {
      expireLeases();
      if (sql.reopen.run(stage, packTexts(excluded), traceId) > 0) return;
      throw new GatewayError("conflict", `${traceId} is neither decided nor dead, so it cannot be opened again.`);
    },
    async remove(traceId) {
      database.transaction(() => {
        sql.removeItem.run(traceId);
        sql.removeMembers.run(traceId);
      });
    },
    ...heldVerbs(sql, expireLeases),
    ...readingVerbs(sql, expireLeases),
    // The connection belongs to whoever opened it.
    async close() {},
  };
}

const STAGES = ["first", "second", "escalated"];

/** Under the write lock: two gateways' equal traces must not both become items. */
function enqueueIn(sql: Statements, item: ReviewItem, former?: Former): Enqueued {
  const { traceId, priority, createdAt, detector, action, model, repetition } = item;
  if (sql.memberOf.get(traceId) !== undefined) return "known";
  const earlier = ownerOf(sql, item, former);
  sql.join.run(traceId, earlier ?? traceId, createdAt);
  if (earlier !== undefined) return "joined";
  sql.insert.run(traceId, priority, createdAt, detector, action, model, repetition, JSON.stringify(keptOf(item)));
  if (former?.next !== undefined) sql.move.run(former.next.stage, packTexts(former.next.excluded), traceId);
  return "added";
}

/** The item that a new trace joins. */
function ownerOf(sql: Statements, { traceId, repetition }: ReviewItem, former?: Former): string | undefined {
  if (former?.item === traceId) return undefined;
  if (former !== undefined && sql.find.get(former.item) !== undefined) return former.item;
  return sql.repeated.get(repetition)?.trace_id;
}

/** Only what the interface names: callers may hand in more. */
function keptOf(item: ReviewItem): ReviewItem {
  const { traceId, detector, action, score, threshold, priority, createdAt } = item;
  const { model, keyId, repetition, blind, sample } = item;
  const base = { traceId, detector, action, score, threshold, priority, createdAt };
  return { ...base, model, keyId, repetition, blind, sample };
}

/** What only the holder of a claim may do. */
function heldVerbs(
  sql: Statements,
  expireLeases: () => number,
): Pick<ReviewQueue, "heartbeat" | "release" | "passOn" | "decide"> {
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
    async passOn(traceId, token, { stage, excluded }) {
      demandHeld(sql.passOn.run(stage, packTexts(excluded), traceId, token, expireLeases()), traceId);
    },
    async decide(traceId, token) {
      demandHeld(sql.decide.run(traceId, token, expireLeases()), traceId);
    },
  };
}

function readingVerbs(
  sql: Statements,
  expireLeases: () => number,
): Pick<ReviewQueue, "get" | "itemOf" | "joined" | "members" | "list" | "stats"> {
  return {
    async get(traceId) {
      expireLeases();
      const row = sql.find.get(traceId);
      return row === undefined ? undefined : toItem(row);
    },
    async itemOf(traceId) {
      return sql.memberOf.get(traceId)?.item_id;
    },
    async joined(traceIds) {
      const rows = sql.joined.all(JSON.stringify(traceIds));
      return new Map(rows.map((row) => [row.trace_id, { item: row.item_id, alike: !isFlood(row) }]));
    },
    async members(traceId, limit) {
      return sql.members.all(traceId, limit).map((row) => row.trace_id);
    },
    async list({ limit, offset = 0, ...filter }) {
      expireLeases();
      return sql.list.all(...filterValues(filter), limit, offset).map(toItem);
    },
    async stats() {
      const now = expireLeases();
      const { waiting = 0, claimed = 0, decided = 0, dead = 0, oldest = null, expired = 0 } = sql.counts.get() ?? {};
      const oldestWaitingMs = oldest === null ? 0 : Math.max(0, now - oldest);
      return { waiting, claimed, decided, dead, oldestWaitingMs, leasesExpired: expired };
    },
  };
}

function toItem(row: ItemRow): QueuedItem {
  return {
    ...(JSON.parse(row.body) as ReviewItem),
    state: row.state,
    stage: row.stage,
    excluded: unpackTexts(row.excluded),
    claimedBy: row.claimant === null ? null : (JSON.parse(row.claimant) as string),
    leaseUntil: row.lease_until,
    count: row.traces,
  };
}
