import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReviewDecision } from "../../src/trace/stores.ts";
import type { ReviewItem } from "../../src/queue/queue.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { reviewItemOf } from "../../src/queue/review-item.ts";
import type { ReviewParts } from "../../src/review/desk.ts";
import type { ItemDetail } from "../../src/review/item-detail.ts";
import type { ItemSummary } from "../../src/review/item-summary.ts";
import { createReviewPage } from "../../src/review/page.ts";
import { createRequestFinder } from "../../src/review/request-finder.ts";
import { createReviewRoutes } from "../../src/review/routes.ts";
import type { Session } from "../../src/review/sessions.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createEnrichmentStore } from "../../src/trace/enrichment-store.ts";
import { createErasures } from "../../src/trace/erasures.ts";
import { findTracesHere } from "../../src/trace/request-lookup.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import type { DecisionStore } from "../../src/trace/stores.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { sampleItem } from "../conformance/samples.ts";
import { logIn } from "../support/console-login.ts";

/** What the API's answers hold, as far as tests read it field by field. */
interface Answer extends ItemDetail {
  readonly items: readonly ItemSummary[];
  readonly detectors: readonly string[];
  readonly models: readonly string[];
  readonly claim: { readonly traceId: string; readonly token: string; readonly leaseUntil: number };
  readonly leaseUntil: number;
  readonly queue: Readonly<Record<string, number>>;
  readonly decision: ReviewDecision;
  readonly next: string;
  readonly session: Session;
  readonly entries: readonly {
    readonly sequence: number;
    readonly actor: string;
    readonly event: string;
    readonly traceId: string | null;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
  readonly intact: boolean;
  readonly error: { readonly code: string };
}

/** One answer of the API. */
interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Answer;
}

/** What a test may put in the place of a real part, and the time that passes on top of the real one. */
export interface ServerChanges {
  readonly decisions?: (real: DecisionStore) => DecisionStore;
  readonly passedMs?: () => number;
  readonly settings?: Partial<ReviewParts["settings"]>;
  /** Parts that are absent otherwise, such as statistics. */
  readonly parts?: Partial<ReviewParts>;
}

/** The cost of passwords that only tests have. */
export const CHEAP = { N: 1_024, r: 8, p: 1 };

/** Without reviewers: whoever gives a name is a lead. */
export const OPEN_SETTINGS: ReviewParts["settings"] = {
  reviewers: [],
  sessionMs: 3_600_000,
  leaseMs: 300_000,
  secondOpinion: 0,
  blind: 0,
};

/** The review API and page on a free loopback port, with real stores in `folder`. */
export async function startReviewServer(folder: string, changes: ServerChanges = {}) {
  const clock = () => Date.now() + (changes.passedMs?.() ?? 0);
  const stores = openReviewStores(folder, clock);
  const decisions = changes.decisions?.(stores.decisions) ?? stores.decisions;
  const logged: unknown[][] = [];
  const log = { error: (...entry: unknown[]) => void logged.push(entry) };
  const settings = { ...OPEN_SETTINGS, ...changes.settings };
  const finder = finderOf(stores, settings.blind);
  const descriptions = { "country-channel": "Does the reply name a country?" };

  const app = express();
  app.use(express.json());
  app.use("/review", createReviewPage());
  app.use(createReviewRoutes({ ...stores, decisions, settings, descriptions, clock, log, finder, ...changes.parts }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    ...stores,
    logged,
    add: (trace: Trace, itemChanges: Partial<ReviewItem> = {}) => addTrace(stores, trace, itemChanges),
    login: (name = "ada", password?: string) => enter(origin, name, password),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

type Stores = ReturnType<typeof openReviewStores>;

/** The real stores of a review desk. */
export function openReviewStores(folder: string, clock: () => number = Date.now) {
  const database = openDatabase({ folder });
  return {
    database,
    traces: createTraceStore(database),
    queue: createEmbeddedQueue({ database, clock }),
    decisions: createDecisionStore(database),
    audit: createAuditLog(database),
    enrichments: createEnrichmentStore(database),
    scores: createScoreLog(database),
    erasures: createErasures(database),
  };
}

/** The real finder of these stores. */
export function finderOf(stores: Stores, blind = 0) {
  return createRequestFinder({
    ...stores,
    tracesHere: (requestId) => findTracesHere(stores, requestId),
    isErased: stores.erasures.isErased,
    gatewayId: "gw_here",
    blind,
  });
}

/** Stores a trace as a finished generation would, and queues it. */
async function addTrace({ traces, queue }: Stores, trace: Trace, changes: Partial<ReviewItem>): Promise<void> {
  const { head, evidence, end, sample } = trace;
  const [first, ...later] = evidence;
  if (first !== undefined) {
    await traces.open(head, first);
    for (const each of later) await traces.append(head.id, each);
    if (end !== null) await traces.close(head.id, end, trace.state === "complete" ? "complete" : "interrupted");
  } else if (end !== null && sample !== null) await traces.addSample(head, end, sample);
  await queue.enqueue({ ...itemOf(trace), ...changes });
  await traces.markQueued(head.id);
}

function itemOf(trace: Trace): ReviewItem {
  const { head, sample } = trace;
  if (sample === null) return reviewItemOf(trace);
  const { stratum, probability, ...drawn } = sample;
  return sampleItem(1, {
    ...drawn,
    traceId: head.id,
    action: "sample",
    repetition: head.id,
    blind: true,
    sample: { stratum, probability },
  });
}

/** Logs in and returns what a page of that reviewer calls. */
async function enter(origin: string, name: string, password?: string) {
  const login = await logIn(origin, name, password);
  const { headers } = login;

  async function call(path: string, body?: unknown): Promise<Reply> {
    const options = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/review/${path}`, options);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  }
  return { ...login, call };
}
