import type { Database } from "./database.ts";
import type { DecisionStore, ReviewDecision, Verdict } from "./stores.ts";

/** Verdicts in the state database, append-only: the table refuses changes. Order is the order of `add`. */
export function createDecisionStore(database: Database): DecisionStore {
  const insert = database.prepare(
    "INSERT INTO decisions (decision_id, trace_id, verdict, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const byTrace = database.prepare<{ body: string }>("SELECT body FROM decisions WHERE trace_id = ? ORDER BY sequence");
  const last = database.prepare<{ body: string }>(
    "SELECT body FROM decisions WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1",
  );
  const counts = database.prepare<{ verdict: Verdict; traces: number }>(
    `SELECT verdict, count(*) AS traces FROM decisions
     WHERE sequence IN (SELECT max(sequence) FROM decisions GROUP BY trace_id) AND verdict <> 'withdrawn' GROUP BY verdict`,
  );
  const after = database.prepare<{ sequence: number; body: string }>(
    "SELECT sequence, body FROM decisions WHERE sequence > ? ORDER BY sequence LIMIT ?",
  );

  return {
    async add(decision) {
      const { id, traceId, verdict, reviewer, note, decidedAt, detector, stage, blind } = decision;
      const kept = { id, traceId, verdict, reviewer, note, decidedAt, detector, stage, blind };
      insert.run(id, traceId, verdict, JSON.stringify(kept));
    },
    async list(traceId) {
      return byTrace.all(traceId).map(({ body }) => parse(body));
    },
    async latest(traceId) {
      const row = last.get(traceId);
      const decision = row === undefined ? undefined : parse(row.body);
      return decision?.verdict === "withdrawn" ? undefined : decision;
    },
    async count() {
      const total: Record<Verdict, number> = { true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 };
      for (const { verdict, traces } of counts.all()) total[verdict] = traces;
      return total;
    },
    async page(place, limit) {
      return after.all(place, limit).map(({ sequence, body }) => ({ sequence, decision: parse(body) }));
    },
  };
}

/** Rows from before version 2 of the database have no id, detector or stage. */
function parse(body: string): ReviewDecision {
  const row = JSON.parse(body) as ReviewDecision;
  return {
    ...row,
    id: row.id ?? "",
    detector: row.detector ?? "",
    stage: row.stage ?? "first",
    blind: row.blind ?? false,
  };
}
