import type { Database } from "./database.ts";
import { createClearSealing, type Sealing } from "./sealing.ts";
import type { DecisionStore, ReviewDecision, Verdict } from "./stores.ts";

/**
 * Verdicts in the state database, append-only: the table refuses changes. Order is the order of `add`. Notes are sealed;
 * without `sealing` they are clear, which is for tests.
 */
export function createDecisionStore(
  database: Database,
  sealing: Sealing = createClearSealing(),
): DecisionStore & { addAll(decisions: readonly ReviewDecision[]): void } {
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

  function add(decision: ReviewDecision): void {
    const { id, traceId, verdict } = decision;
    insert.run(id, traceId, verdict, sealDecision(decision, sealing));
  }

  return {
    async add(decision) {
      add(decision);
    },
    // One write to disk for all of them.
    addAll: (decisions) => database.transaction(() => decisions.forEach(add)),
    async list(traceId) {
      return byTrace.all(traceId).map(({ body }) => openDecision(body, sealing));
    },
    async latest(traceId) {
      const row = last.get(traceId);
      const decision = row === undefined ? undefined : openDecision(row.body, sealing);
      return decision?.verdict === "withdrawn" ? undefined : decision;
    },
    async count() {
      const total: Record<Verdict, number> = { true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 };
      for (const { verdict, traces } of counts.all()) total[verdict] = traces;
      return total;
    },
    async page(place, limit) {
      return after.all(place, limit).map(({ sequence, body }) => ({ sequence, decision: openDecision(body, sealing) }));
    },
  };
}

/** A decision as it is kept: JSON whose note is sealed as JSON, which keeps every character. Only what the interface names: callers may hand in more. */
export function sealDecision(decision: ReviewDecision, sealing: Sealing): string {
  const { id, traceId, verdict, reviewer, decidedAt, detector, stage, blind, next } = decision;
  const sealedNote = sealing.seal(JSON.stringify(decision.note), noteContext(id));
  return JSON.stringify({ id, traceId, verdict, reviewer, sealedNote, decidedAt, detector, stage, blind, next });
}

/** Rows from before version 2 of the database have a clear note, and no id, detector or stage. */
export function openDecision(body: string, sealing: Sealing): ReviewDecision {
  const { sealedNote, ...row } = JSON.parse(body) as ReviewDecision & { readonly sealedNote?: string };
  const id = row.id ?? "";
  const note =
    sealedNote === undefined ? row.note : (JSON.parse(sealing.openAny(sealedNote, noteContext(id))) as string);
  return {
    ...row,
    id,
    note,
    detector: row.detector ?? "",
    stage: row.stage ?? "first",
    blind: row.blind ?? false,
  };
}

function noteContext(decisionId: string): string {
  return `note ${decisionId}`;
}
