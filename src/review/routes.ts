import { Router, type ErrorRequestHandler, type Request } from "express";
import { ERRORS, GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { createAccess } from "./access.ts";
import type { DeskParts, ReviewParts } from "./desk.ts";
import { declareErasure } from "./erasure-routes.ts";
import { declareEvents } from "./event-routes.ts";
import { declareFinding } from "./find-routes.ts";
import { declareInsights } from "./insight-routes.ts";
import { declareItems } from "./item-routes.ts";
import { createSummaries } from "./item-summary.ts";
import { createNotes } from "./notes.ts";
import { declareLive } from "./live-routes.ts";
import { declareOverrides } from "./override-routes.ts";
import { secondOpinionShare } from "./opinions.ts";
import { readSessionCookie } from "./session-cookie.ts";
import { declareLogin, declareLogout } from "./session-routes.ts";
import { createSessions } from "./sessions.ts";
import { createStatsFeed, type ReviewStats } from "./stats-feed.ts";
import { createVerdicts } from "./verdicts.ts";

/** Mounted under `/api`: nothing else of the app is touched. */
const PATHS = ["/api/session", "/api/review", "/api/requests"];
const RETRY_AFTER_MS = 2_000;

/**
 * The JSON API of the review desk, under `/api/session`, `/api/review` and `/api/requests`; docs/review.md lists the routes. All but the
 * login take a session. The app that mounts it parses JSON bodies and checks Host and Origin.
 */
export function createReviewRoutes(parts: ReviewParts): Router {
  const { settings, log } = parts;
  const desk = toDesk(parts);
  const { clock } = desk;
  const { sessionMs } = settings;
  const sessions = createSessions({ database: parts.database, people: settings, sessionMs, clock });
  const login = { audit: parts.audit, log, clock, sessions, people: settings };
  const router = Router({ caseSensitive: true, strict: true });

  router.use(PATHS, (_request, response, next) => {
    response.setHeader("cache-control", "no-store");
    next();
  });
  declareLogin(router, login);
  router.use(PATHS, createAccess(sessions));
  declareLogout(router, login);
  router.get("/api/review/stats", async (_request, response) => void response.json(await readStats(parts)));
  declareEvents(router, desk, sessions);
  const { live, liveCheckMs } = parts;
  const checkMs = liveCheckMs === undefined ? {} : { checkMs: liveCheckMs };
  const findSession = (request: Request) => sessions.find(readSessionCookie(request) ?? "");
  if (live !== undefined) declareLive(router, { ...desk, ...checkMs, live, findSession });
  declareItems(router, desk);
  declareErasure(router, desk);
  declareFinding(router, desk);
  declareInsights(router, desk);
  declareOverrides(router, desk);
  router.use(PATHS, (request) => {
    throw new GatewayError("not_found", `There is no route ${request.method} ${request.originalUrl.split("?")[0]}.`);
  });
  router.use(respondWithError(log));
  return router;
}

function toDesk(parts: ReviewParts): DeskParts {
  const { settings, log, clock = Date.now } = parts;
  const onError = (error: unknown): void => log.error({ err: error }, "the counts of the review desk cannot be read");
  return {
    ...parts,
    get descriptions() {
      return parts.descriptions;
    },
    clock,
    verdicts: createVerdicts({
      ...parts,
      clock,
      get secondOpinion() {
        return secondOpinionShare(settings);
      },
    }),
    notes: createNotes(parts.audit, { sealing: parts.noteSealing, elsewhere: parts.notesElsewhere }),
    summaries: createSummaries(parts.traces),
    feed: createStatsFeed({ read: () => readStats(parts), onError }),
  };
}

async function readStats({ queue, decisions, outbox, overrides }: ReviewParts): Promise<ReviewStats> {
  const [stats, given, waiting] = await Promise.all([queue.stats(), decisions.count(), outbox?.()]);
  return {
    queue: stats,
    decisions: given,
    ...(waiting === undefined ? {} : { outbox: waiting }),
    ...(overrides === undefined ? {} : { overrides: overrides() }),
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
    const known = toKnown(error);
    if (known.code === "internal_error")
      log.error({ err: error, requestId: response.getHeader("x-request-id") }, "a review request failed");
    const { status, type } = ERRORS[known.code];
    if (status === 503 || status === 429) {
      const waitMs = known.retryAfterMs ?? RETRY_AFTER_MS;
      response.setHeader("retry-after", String(Math.max(1, Math.ceil(waitMs / 1_000))));
    }
    response.setHeader("cache-control", "no-store");
    response.status(status).json({ error: { message: known.message, type, param: known.param, code: known.code } });
  };
}

/** What Express refuses by itself, like a malformed path, is the caller's fault. */
function toKnown(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const status: unknown = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return new GatewayError(typeof status === "number" && status < 500 ? "invalid_request" : "internal_error");
}
