import type { ErrorRequestHandler, Response } from "express";
import { ERRORS, GatewayError, type ErrorCode } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ServingObserver } from "./observer.ts";

/** The body of an error answer, and the `data:` line of an error in a stream. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: ErrorCode;
  };
}

// The same request would end the same way.
const POINTLESS_TO_RETRY: ReadonlySet<ErrorCode> = new Set(["content_filter", "deadline_exceeded"]);

/** Any thrown value as an error of the table. What Express refuses by itself (a malformed path) is the caller's fault; the rest is ours. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const status: unknown = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  const code = typeof status === "number" && status >= 400 && status < 500 ? "invalid_request" : "internal_error";
  return new GatewayError(code, undefined, { cause: error });
}

/** `{"error": {...}}` */
export function errorBodyOf({ code, message, param }: GatewayError): ErrorBody {
  return { error: { message, type: ERRORS[code].type, param, code } };
}

/** What an error answer takes besides the error. */
export interface ErrorAnswer {
  readonly retryAfterMs: number;
  /** Joins the body. */
  readonly extra?: object;
}

/** Answers with an error; headers must not have left. Every 503 and 429 says when to come back. */
export function sendError(response: Response, error: GatewayError, answer: ErrorAnswer): void {
  const { status } = ERRORS[error.code];
  if (POINTLESS_TO_RETRY.has(error.code)) response.setHeader("x-should-retry", "false");
  if (status === 503 || status === 429) {
    const waitMs = error.retryAfterMs ?? answer.retryAfterMs;
    response.setHeader("retry-after", String(Math.max(1, Math.ceil(waitMs / 1000))));
    response.setHeader("retry-after-ms", String(waitMs));
  }
  if (status === 401) response.setHeader("www-authenticate", "Bearer");
  response.setHeader("cache-control", "no-store");
  response.status(status).json({ ...errorBodyOf(error), ...answer.extra });
}

/**
 * What may be logged of an error nobody foresaw: its name and where it was thrown. Its message may quote a prompt
 * (a parser's does), so it is left out.
 */
export function describeFault(error: unknown): { readonly fault: string; readonly at: readonly string[] } {
  if (!(error instanceof Error)) return { fault: typeof error, at: [] };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { fault: error.name, at: frames.slice(0, 12).map((line) => line.trim()) };
}

/** Logs an error answer: a policy's block is a warning, the gateway's own failure an error, a caller's fault information. Never a text. */
export function logError(log: Logger, error: GatewayError, facts: Readonly<Record<string, unknown>>): void {
  const { status } = ERRORS[error.code];
  const fault = error.code === "internal_error" ? describeFault(error.cause) : {};
  // In a stream the error came after the status had left.
  const line = { status, ...facts, code: error.code, ...fault };
  if (status >= 500) log.error(line, "a request failed");
  else if (error.code === "content_filter") log.warn(line, "a policy blocked a request");
  else log.info(line, "a request was refused");
}

/** The last middleware: what no handler answered itself. `note` puts it into the line about the request. */
export function createErrorHandler(parts: {
  readonly note: (response: Response, notes: { readonly error: GatewayError }) => void;
  readonly observer: ServingObserver;
  readonly retryAfterMs: number;
}): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // oxlint-disable-next-line max-params
  return function answerError(thrown: unknown, _request, response, _next) {
    const error = toGatewayError(thrown);
    parts.observer.rejected(error.code);
    parts.note(response, { error });
    if (response.headersSent) response.destroy();
    else sendError(response, error, parts);
  };
}
