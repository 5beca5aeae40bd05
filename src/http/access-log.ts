import type { Request, RequestHandler, Response } from "express";
import type { RunEnd } from "../engine/engine.ts";
import type { GatewayError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { actionOf } from "./ending.ts";
import { logError } from "./error-response.ts";
import { requestIdOf } from "./request-id.ts";

/** Every field that a line about a request may have. `docs/logs.md` lists the same ones. No text of a prompt or reply is among them. */
export const ACCESS_FIELDS = [
  "listener",
  "requestId",
  "traceId",
  "method",
  "route",
  "status",
  "statusClass",
  "operation",
  "model",
  "policy",
  "keyId",
  "action",
  "rule",
  "broken",
  "code",
  "fault",
  "at",
  "durationMs",
  "firstDeliveryMs",
  "waitMs",
  "prefillMs",
  "decodeMs",
  "promptTokens",
  "releasedTokens",
] as const;

/** What handlers know of a request besides what every request has. */
export interface AccessNotes {
  readonly operation?: string;
  /** The configuration's id of the caller's key. */
  readonly keyId?: string;
  readonly model?: string;
  readonly policy?: string;
  readonly traceId?: string;
  readonly firstDeliveryMs?: number;
  readonly end?: RunEnd;
  readonly error?: GatewayError;
}

/** Adds to what the line about this request will say. */
export function noteAccess(response: Pick<Response, "locals">, notes: AccessNotes): void {
  response.locals["access"] = { ...notesOf(response), ...notes };
}

function notesOf({ locals }: Pick<Response, "locals">): AccessNotes {
  return (locals["access"] as AccessNotes | undefined) ?? {};
}

// Asked every few seconds by programs: a line each would hide the others.
const QUIET_ROUTES: ReadonlySet<string> = new Set(["/livez", "/readyz", "/metrics"]);

/** Writes one line about every request when its response closes. */
export function createAccessLog(parts: {
  readonly listener: "api" | "console";
  readonly log: Logger;
  readonly monotonicClock: () => number;
}): RequestHandler {
  const { listener, log, monotonicClock } = parts;
  return function logAccess(request, response, next) {
    const startedAt = monotonicClock();
    response.once("close", () => {
      const { end, error, firstDeliveryMs, ...names } = notesOf(response);
      const line = {
        listener,
        requestId: requestIdOf(response),
        method: request.method,
        route: routeOf(request),
        ...describeStatus(response),
        ...names,
        durationMs: Math.round(monotonicClock() - startedAt),
        ...(firstDeliveryMs === undefined ? {} : { firstDeliveryMs: Math.round(firstDeliveryMs) }),
        ...(end ? describeEnd(end) : {}),
      };
      write(log, line, { error, end, isGone: !response.writableFinished });
    });
    next();
  };
}

/** The declared path, never the one that was called: a caller may write anything into that. */
function routeOf({ baseUrl, route }: Request): string {
  const path = (route as { readonly path?: unknown } | undefined)?.path;
  if (typeof path === "string") return `${baseUrl}${path}`;
  return baseUrl === "" ? "unmatched" : baseUrl;
}

/** What left; nothing did where a client was gone before. */
function describeStatus({ headersSent, statusCode }: Response) {
  return headersSent ? { status: statusCode, statusClass: `${Math.floor(statusCode / 100)}xx` } : {};
}

/** What the log has of an end: who broke and how, never a message, which may quote text. */
function describeEnd(end: RunEnd) {
  const { decision, promptTokens, releasedTokens, scores, timing } = end;
  const broken = scores.flatMap(({ detector, error }) =>
    error === null ? [] : [`${detector}: ${error.split(":", 1)[0]}`],
  );
  return {
    action: actionOf(end),
    ...(decision.action === "unavailable" && decision.rule !== undefined ? { rule: decision.rule } : {}),
    ...(broken.length > 0 ? { broken } : {}),
    waitMs: Math.round(timing.waitMs),
    prefillMs: Math.round(timing.prefillMs),
    decodeMs: Math.round(timing.decodeMs),
    promptTokens,
    releasedTokens,
  };
}

type Line = Readonly<Partial<Record<(typeof ACCESS_FIELDS)[number], unknown>>> & {
  readonly route: string;
  readonly status?: number;
};

interface Outcome {
  readonly error: GatewayError | undefined;
  readonly end: RunEnd | undefined;
  readonly isGone: boolean;
}

function write(log: Logger, line: Line, { error, end, isGone }: Outcome): void {
  const { status = 0 } = line;
  if (QUIET_ROUTES.has(line.route) && error === undefined) log.debug(line, "a probe was answered");
  else if (error) logError(log, error, line);
  else if (isGone) log.info(line, "a client left");
  else if (end?.reason === "abort") log.warn({ ...line, code: "content_filter" }, "a policy stopped a reply");
  else if (line.broken) log.warn(line, "a request was answered past a broken detector");
  else if (status >= 500) log.error(line, "a request failed");
  else if (status >= 400) log.info(line, "a request was refused");
  else log.info(line, "a request was answered");
}
