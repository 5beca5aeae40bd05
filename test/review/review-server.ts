import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { reviewItemOf } from "../../src/queue/review-item.ts";
import { createReviewPage } from "../../src/review/page.ts";
import { createReviewRoutes } from "../../src/review/routes.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { DecisionStore } from "../../src/trace/stores.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import type { Trace } from "../../src/trace/trace.ts";

/** What the API's answers hold, as far as tests read it field by field. */
interface Answer {
  readonly items: readonly { readonly traceId: string }[];
  readonly claim: { readonly token: string; readonly leaseUntil: number };
  readonly leaseUntil: number;
  readonly queue: Readonly<Record<string, number>>;
  readonly error: { readonly code: string };
}

/** What a test may put in the place of a real part, and the time that passes on top of the real one. */
export interface ServerChanges {
  readonly decisions?: (real: DecisionStore) => DecisionStore;
  readonly passedMs?: () => number;
}

/** The review API and page on a free loopback port, with real stores in `folder`. */
export async function startReviewServer(folder: string, changes: ServerChanges = {}) {
  const clock = () => Date.now() + (changes.passedMs?.() ?? 0);
  const database = openDatabase({ folder });
  const traces = createTraceStore(database);
  const queue = createEmbeddedQueue({ database, clock });
  const real = createDecisionStore(database);
  const decisions = changes.decisions?.(real) ?? real;
  const logged: unknown[][] = [];
  const log = { error: (...entry: unknown[]) => void logged.push(entry) };

  const app = express();
  app.use(express.json());
  app.use("/review", createReviewPage());
  app.use(createReviewRoutes({ traces, decisions, queue, clock, log }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Stores a trace as a finished generation would, and queues it. */
  async function add(trace: Trace): Promise<void> {
    const [first, ...later] = trace.evidence;
    if (first === undefined) throw new Error("a trace has evidence");
    await traces.open(trace.head, first);
    for (const evidence of later) await traces.append(trace.head.id, evidence);
    if (trace.end !== null)
      await traces.close(trace.head.id, trace.end, trace.state === "complete" ? "complete" : "interrupted");
    await queue.enqueue(reviewItemOf(trace));
    await traces.markQueued(trace.head.id);
  }

  async function call(path: string, body?: unknown) {
    const options =
      body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/review/${path}`, options);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  }

  return {
    origin,
    traces,
    queue,
    decisions: real,
    add,
    call,
    logged,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
