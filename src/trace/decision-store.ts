import type { Database } from "./database.ts";
import type { DecisionStore, ReviewDecision, Verdict } from "./stores.ts";

/** Verdicts in the state database, append-only: the table refuses changes. Order is the order of `add`. */
export function createDecisionStore(database: Database): DecisionStore {
  const insert = database.prepare("INSERT INTO decisions (trace_id, verdict, body) VALUES (?, ?, ?)");
  const byTrace = database.prepare<{ body: string }>("SELECT body FROM decisions WHERE trace_id = ? ORDER BY sequence");
  const last = database.prepare<{ body: string }>(
    "SELECT body FROM decisions WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1",
  );
  const counts = database.prepare<{ verdict: Verdict; traces: number }>(
    `SELECT verdict, count(*) AS traces FROM decisions
     WHERE sequence IN (SELECT max(sequence) FROM decisions GROUP BY trace_id) GROUP BY verdict`,
  );
  const parse = (row: { readonly body: string }) => JSON.parse(row.body) as ReviewDecision;

  return {
    async add(decision) {
      const { traceId, verdict, reviewer, note, decidedAt } = decision;
      insert.run(traceId, verdict, JSON.stringify({ traceId, verdict, reviewer, note, decidedAt }));
    },
    async list(traceId) {
      return byTrace.all(traceId).map(parse);
    },
    async latest(traceId) {
      const row = last.get(traceId);
      return row === undefined ? undefined : parse(row);
    },
    async count() {
      const total: Record<Verdict, number> = { true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 };
      for (const { verdict, traces } of counts.all()) total[verdict] = traces;
      return total;
    },
  };
}
