import type { FlagEvidence } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import type { Database } from "./database.ts";
import { requestKey } from "./request-lookup.ts";
import { createClearSealing, type Sealing } from "./sealing.ts";
import type { TraceStore } from "./stores.ts";
import type { Trace, TraceEnd, TraceHead, TraceSample } from "./trace.ts";

interface TraceRow {
  readonly state: Trace["state"];
  readonly queued: number;
  readonly head: string;
  readonly ending: string | null;
  readonly sample: string | null;
}

function prepareStatements(database: Database) {
  return {
    insert: database.prepare(
      "INSERT INTO traces (id, request, created_at, state, head) VALUES (?, ?, ?, 'open', ?) ON CONFLICT DO NOTHING",
    ),
    insertSample: database.prepare(
      `INSERT INTO traces (id, request, created_at, state, head, ending, sample) VALUES (?, ?, ?, 'complete', ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    ),
    addEvidence: database.prepare(
      `INSERT INTO evidence (trace_id, ordinal, body)
       SELECT id, (SELECT count(*) FROM evidence WHERE trace_id = traces.id), ? FROM traces
       WHERE id = ? AND ending IS NULL`,
    ),
    end: database.prepare("UPDATE traces SET state = ?, ending = ? WHERE id = ? AND ending IS NULL"),
    interrupt: database.prepare("UPDATE traces SET state = 'interrupted' WHERE state = 'open'"),
    queue: database.prepare("UPDATE traces SET queued = 1 WHERE id = ?"),
    isQueued: database.prepare<{ queued: number }>("SELECT queued FROM traces WHERE id = ?"),
    unqueued: database.prepare<{ id: string }>(
      "SELECT id FROM traces WHERE queued = 0 AND state <> 'open' ORDER BY created_at, id LIMIT ?",
    ),
    find: database.prepare<TraceRow>("SELECT state, queued, head, ending, sample FROM traces WHERE id = ?"),
    evidence: database.prepare<{ body: string }>("SELECT body FROM evidence WHERE trace_id = ? ORDER BY ordinal"),
  };
}

/** Traces of one state folder. */
export interface LocalTraceStore extends TraceStore {
  /** Like `close`, and writes what belongs to it to the same database, with one write to disk. */
  closeWith(closing: Closing, write: (trace: Trace) => void): void;
}

/** The arguments of `close`. */
export interface Closing {
  readonly id: string;
  readonly end: TraceEnd;
  readonly state: "complete" | "interrupted";
}

type Part = "head" | "evidence" | "ending" | "sample";

/** Bodies as JSON, each sealed to its trace and its place in it. */
function createBodies(sealing: Sealing) {
  const contextOf = (id: string, part: Part) => `trace ${id} ${part}`;
  return {
    seal: (body: object, id: string, part: Part) => sealing.seal(JSON.stringify(body), contextOf(id, part)),
    open: (text: string, id: string, part: Part): unknown => JSON.parse(sealing.openAny(text, contextOf(id, part))),
  };
}

function demand(changes: number, message: string): void {
  if (changes === 0) throw new GatewayError("conflict", message);
}

/**
 * Traces in the state database. `append` and `close` also take a row that another process's start has made
 * `interrupted` meanwhile, as long as it has no end, so that a generation that lives on loses nothing.
 * Throws `GatewayError` `conflict` for a second `open`, and for `append` or `close` of a trace that is unknown or ended.
 * Every body is sealed; without `sealing` they are clear, which is for tests. Clear bodies of earlier versions are read, too.
 */
export function createTraceStore(database: Database, sealing: Sealing = createClearSealing()): LocalTraceStore {
  const sql = prepareStatements(database);
  const { seal, open } = createBodies(sealing);
  const read = (id: string) => readTrace(sql, open, id);
  const end = (closing: Closing): void => {
    const { id, state } = closing;
    demand(sql.end.run(state, seal(closing.end, id, "ending"), id), `Trace ${id} is not open.`);
  };

  return {
    async open(head: TraceHead, first: FlagEvidence) {
      database.transaction(() => {
        demand(
          sql.insert.run(head.id, requestKey(head.requestId), head.createdAt, seal(head, head.id, "head")),
          `Trace ${head.id} exists already.`,
        );
        sql.addEvidence.run(seal(first, head.id, "evidence"), head.id);
      });
    },
    async append(id, later) {
      demand(sql.addEvidence.run(seal(later, id, "evidence"), id), `Trace ${id} is not open.`);
    },
    async close(id, ending, state) {
      end({ id, end: ending, state });
    },
    closeWith(closing, write) {
      database.transaction(() => {
        end(closing);
        const trace = read(closing.id);
        if (trace !== undefined) write(trace);
      });
    },
    async interruptOpen() {
      return sql.interrupt.run();
    },
    async markQueued(id) {
      // A read costs no write to disk.
      if (sql.isQueued.get(id)?.queued !== 1) demand(sql.queue.run(id), `There is no trace ${id}.`);
    },
    async listUnqueued(limit) {
      return sql.unqueued.all(limit).map((row) => row.id);
    },
    async addSample(head: TraceHead, ending: TraceEnd, sample) {
      const { id, requestId, createdAt } = head;
      const bodies = [seal(head, id, "head"), seal(ending, id, "ending"), seal(sample, id, "sample")];
      sql.insertSample.run(id, requestKey(requestId), createdAt, ...bodies);
    },
    get: async (id) => read(id),
  };
}

function readTrace(
  sql: ReturnType<typeof prepareStatements>,
  open: ReturnType<typeof createBodies>["open"],
  id: string,
): Trace | undefined {
  const row = sql.find.get(id);
  if (row === undefined) return undefined;
  return {
    head: open(row.head, id, "head") as TraceHead,
    state: row.state,
    evidence: sql.evidence.all(id).map(({ body }) => open(body, id, "evidence") as FlagEvidence),
    end: row.ending === null ? null : (open(row.ending, id, "ending") as TraceEnd),
    queued: row.queued === 1,
    sample: row.sample === null ? null : (open(row.sample, id, "sample") as TraceSample),
  };
}
