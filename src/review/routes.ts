import { Router, type ErrorRequestHandler } from "express";
import { ERRORS, GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { QueuedItem, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, TraceStore } from "../trace/stores.ts";
import { viewTrace } from "./evidence.ts";
import { check, SCHEMAS } from "./requests.ts";
import { createVerdicts } from "./verdicts.ts";

/** What the review API reads and writes. */
export interface ReviewParts {
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly queue: ReviewQueue;
  readonly log: Pick<Logger, "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const PREVIEW_CHARACTERS = 160;

/**
 * The JSON API under `/api/review`: `GET stats`, `GET items?state&limit&offset`, `GET items/:traceId`, `POST claim`, and
 * `POST items/:traceId/heartbeat|release|decide`. The app that mounts it parses JSON bodies and checks Host and Origin.
 */
export function createReviewRoutes(parts: ReviewParts): Router {
  const { queue, decisions } = parts;
  const verdicts = createVerdicts(parts);
  const router = Router();
  const pathOf = (params: unknown) => check(SCHEMAS.path, params).traceId;

  router.use("/api/review", (_request, response, next) => {
    response.setHeader("cache-control", "no-store");
    next();
  });
  router.get("/api/review/stats", async (_request, response) => {
    const [stats, given] = await Promise.all([queue.stats(), decisions.count()]);
    response.json({ queue: stats, decisions: given });
  });
  router.get("/api/review/items", async (request, response) => {
    const { state, limit, offset } = check(SCHEMAS.list, request.query);
    const items = await queue.list({ limit, offset, ...(state === undefined ? {} : { state }) });
    response.json({ items: await Promise.all(items.map((item) => summarise(parts, item))) });
  });
  router.get("/api/review/items/:traceId", async (request, response) => {
    const traceId = pathOf(request.params);
    const [trace, item, given] = await Promise.all([
      parts.traces.get(traceId),
      queue.get(traceId),
      decisions.list(traceId),
    ]);
    if (trace === undefined) throw new GatewayError("not_found", `There is no trace ${traceId}.`);
    response.json({ item: item ?? null, trace: viewTrace(trace), decisions: given });
  });
  router.post("/api/review/claim", async (request, response) => {
    const claim = await verdicts.claim(check(SCHEMAS.claim, request.body));
    response.json({ claim: claim ?? null });
  });
  router.post("/api/review/items/:traceId/heartbeat", async (request, response) => {
    const { token, leaseMs } = check(SCHEMAS.heartbeat, request.body);
    response.json({ leaseUntil: await queue.heartbeat(pathOf(request.params), token, leaseMs) });
  });
  router.post("/api/review/items/:traceId/release", async (request, response) => {
    await queue.release(pathOf(request.params), check(SCHEMAS.release, request.body).token);
    response.json({ released: true });
  });
  router.post("/api/review/items/:traceId/decide", async (request, response) => {
    const given = check(SCHEMAS.decide, request.body);
    response.json({ decision: await verdicts.decide({ ...given, traceId: pathOf(request.params) }) });
  });
  router.use("/api/review", (request) => {
    throw new GatewayError("not_found", `There is no route ${request.method} ${request.originalUrl.split("?")[0]}.`);
  });
  router.use(respondWithError(parts.log));
  return router;
}

/** An item with enough of its trace to choose from a list. */
async function summarise(parts: ReviewParts, item: QueuedItem): Promise<object> {
  const trace = await parts.traces.get(item.traceId);
  const finding = trace?.evidence[0]?.finding;
  const fired = finding?.verdict === "fired" ? finding : undefined;
  const lastTurn =
    trace?.head.conversation.findLast(({ role }) => role !== "assistant") ?? trace?.head.conversation.at(-1);
  return {
    ...item,
    // A pair of surrogates may have been cut in two.
    preview: lastTurn?.content.slice(0, PREVIEW_CHARACTERS).replace(/[\ud800-\udbff]$/, "") ?? "",
    name: fired?.names[0]?.name ?? null,
    traceState: trace?.state ?? null,
  };
}

/** Answers with the row of the error table; what is no `GatewayError` is logged and answered as `internal_error`. */
export function respondWithError(log: Pick<Logger, "error">): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // oxlint-disable-next-line max-params
  return function answer(error: unknown, _request, response, next) {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (!(error instanceof GatewayError))
      log.error({ err: error, requestId: response.getHeader("x-request-id") }, "a review request failed");
    const known = error instanceof GatewayError ? error : new GatewayError("internal_error");
    const { status, type } = ERRORS[known.code];
    response.status(status).json({ error: { message: known.message, type, param: known.param, code: known.code } });
  };
}
