import { setImmediate as nextTurn } from "node:timers/promises";
import type { RetentionConfig } from "../config/privacy-config.ts";
import type { Database } from "./database.ts";

/** What a look removed. */
export interface Removed {
  readonly traces: number;
  /** How many of them nobody had looked at. */
  readonly unreviewed: number;
  readonly enrichments: number;
  readonly scores: number;
  /** Place of the oldest score row of this gateway's own that is left; null when none is. */
  readonly firstScore: number | null;
}

/** What retention works on. */
export interface RetentionParts {
  readonly database: Database;
  readonly retention: RetentionConfig;
  /** Deletes traces with everything that belongs to them. */
  readonly eraseAll: (traceIds: readonly string[]) => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const BATCH = 500;
const SCORES_BATCH = 5_000;
const IS_SETTLED = "EXISTS (SELECT 1 FROM outbox WHERE kind = 'item' AND outbox.id = traces.id AND settled = 1)";
/** Recorded without an item, so that there is nobody to wait for. */
const HAS_NO_ITEM = "queued = 1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'item' AND outbox.id = traces.id)";

/** Removes what is older, or more, than is to be kept. Requests are served in between. */
export async function removeExpired(parts: RetentionParts): Promise<Removed> {
  const { database, retention, clock = Date.now } = parts;
  const { tracesMs, tracesMax, scoresMs } = retention;
  const now = clock();
  const aged = tracesMs === undefined ? { traces: 0, unreviewed: 0 } : await removeAged(parts, now - tracesMs);
  const excess = tracesMax === undefined ? 0 : await removeExcess(parts, tracesMax);
  const enrichments = tracesMs === undefined ? 0 : removeForeignReads(database, now - tracesMs);
  const scores = scoresMs === undefined ? 0 : await removeScores(database, now - scoresMs);
  const first = database.prepare<{ first: number | null }>(
    "SELECT min(sequence) AS first FROM scores WHERE origin IS NULL",
  );
  const firstScore = first.get()?.first ?? null;
  return { traces: aged.traces + excess, unreviewed: aged.unreviewed, enrichments, scores, firstScore };
}

async function removeAged({ database, eraseAll }: RetentionParts, before: number) {
  const page = database.prepare<{ id: string; settled: number }>(
    `SELECT id, ${IS_SETTLED} AS settled FROM traces WHERE state <> 'open' AND created_at < ? ORDER BY created_at, id LIMIT ?`,
  );
  let [traces, unreviewed] = [0, 0];
  for (let rows = page.all(before, BATCH); rows.length > 0; rows = page.all(before, BATCH)) {
    eraseAll(rows.map(({ id }) => id));
    traces += rows.length;
    unreviewed += rows.filter(({ settled }) => settled === 0).length;
    await nextTurn();
  }
  return { traces, unreviewed };
}

async function removeExcess({ database, eraseAll }: RetentionParts, most: number): Promise<number> {
  const count = database.prepare<{ rows: number }>("SELECT count(*) AS rows FROM traces");
  const page = database.prepare<{ id: string }>(
    `SELECT id FROM traces WHERE state <> 'open' AND (${IS_SETTLED} OR ${HAS_NO_ITEM}) ORDER BY created_at, id LIMIT ?`,
  );
  let removed = 0;
  for (;;) {
    const over = (count.get()?.rows ?? 0) - most;
    const rows = over > 0 ? page.all(Math.min(over, BATCH)) : [];
    if (rows.length === 0) return removed;
    eraseAll(rows.map(({ id }) => id));
    removed += rows.length;
    await nextTurn();
  }
}

/** Re-reads that were made here of other gateways' traces. */
function removeForeignReads(database: Database, before: number): number {
  const sql = "DELETE FROM enrichments WHERE made_at < ? AND NOT EXISTS (SELECT 1 FROM traces WHERE id = trace_id)";
  return database.prepare(sql).run(before);
}

async function removeScores(database: Database, before: number): Promise<number> {
  const remove = database.prepare(
    "DELETE FROM scores WHERE sequence IN (SELECT sequence FROM scores WHERE created_at < ? LIMIT ?)",
  );
  let removed = 0;
  for (;;) {
    const rows = remove.run(before, SCORES_BATCH);
    removed += rows;
    if (rows < SCORES_BATCH) return removed;
    await nextTurn();
  }
}
