import type { ScoreLog } from "../trace/stores.ts";
import type { ScoreRow } from "../trace/trace.ts";

/** Where rows come from, and how far back they count. */
export interface RowWindowParts {
  readonly scores: Pick<ScoreLog, "list">;
  readonly windowMs: number;
  readonly clock: () => number;
}

/** More rows than these are not read: the newest count. */
export const MOST_ROWS = 50_000;
/** Rows of other gateways come late; this much is read again each time. */
const OVERLAP_MS = 600_000;

/** Reads the rows of a window, newest first. What was read once is kept, so that a later call reads the new rows alone. */
export function createRowWindow({ scores, windowMs, clock }: RowWindowParts): () => Promise<readonly ScoreRow[]> {
  let kept = new Map<string, ScoreRow>();
  let newest = 0;
  return async () => {
    const from = clock() - windowMs;
    const fresh = await scores.list({ limit: MOST_ROWS, since: Math.max(from, newest - OVERLAP_MS) });
    for (const row of fresh) kept.set(row.traceId ?? `${row.requestId} ${row.createdAt}`, compact(row));
    newest = Math.max(newest, fresh[0]?.createdAt ?? 0);
    const rows = [...kept.values()]
      .filter(({ createdAt }) => createdAt >= from)
      .sort((left, right) => right.createdAt - left.createdAt)
      .slice(0, MOST_ROWS);
    kept = new Map(rows.map((row) => [row.traceId ?? `${row.requestId} ${row.createdAt}`, row]));
    return rows;
  };
}

/** Rows stay in memory: what no number is made of is left behind. */
function compact(row: ScoreRow): ScoreRow {
  return { ...row, scores: row.scores.map((score) => ({ ...score, tap: null, position: null })) };
}
