/** One row a code: what a caller sees. `docs/errors.md` lists the same rows, and a test holds the two together. */
export const ERRORS = {
  invalid_json: { status: 400, type: "invalid_request_error", message: "The body is not valid JSON." },
  invalid_request: {
    status: 400,
    type: "invalid_request_error",
    message: "The request does not have the expected form.",
  },
  unsupported_parameter: { status: 400, type: "invalid_request_error", message: "This parameter is not supported." },
  context_length_exceeded: {
    status: 400,
    type: "invalid_request_error",
    message: "The request does not fit the context.",
  },
  content_filter: { status: 400, type: "invalid_request_error", message: "Request blocked by policy." },
  invalid_api_key: {
    status: 401,
    type: "authentication_error",
    message: "The API key is missing, unknown, expired or disabled.",
  },
  login_required: { status: 401, type: "authentication_error", message: "Log in to the console first." },
  login_failed: { status: 401, type: "authentication_error", message: "Name or password is wrong." },
  role_required: { status: 403, type: "permission_error", message: "This takes another role." },
  invalid_csrf_token: {
    status: 403,
    type: "permission_error",
    message: "The session's token is missing or wrong; load the page again.",
  },
  forbidden_host: { status: 403, type: "permission_error", message: "This Host is not on the allow-list." },
  forbidden_origin: { status: 403, type: "permission_error", message: "This Origin may not call the gateway." },
  policy_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "A request may tighten the policy, never loosen it.",
  },
  not_found: { status: 404, type: "invalid_request_error", message: "There is no such route." },
  model_not_found: { status: 404, type: "invalid_request_error", message: "There is no such model." },
  method_not_allowed: { status: 405, type: "invalid_request_error", message: "This route does not take this method." },
  conflict: { status: 409, type: "invalid_request_error", message: "The state changed; read it again." },
  body_too_large: { status: 413, type: "invalid_request_error", message: "The body is larger than the limit." },
  unsupported_media_type: { status: 415, type: "invalid_request_error", message: "Send application/json." },
  rate_limit_exceeded: { status: 429, type: "rate_limit_error", message: "This key's limit is reached." },
  too_many_attempts: {
    status: 429,
    type: "rate_limit_error",
    message: "Too many failed logins; wait before the next one.",
  },
  internal_error: {
    status: 500,
    type: "server_error",
    message: "The gateway failed; the log has the cause under this request id.",
  },
  overloaded: { status: 503, type: "server_error", message: "All slots and the waiting line are full." },
  not_ready: { status: 503, type: "server_error", message: "The gateway is loading or draining." },
  oversight_unavailable: {
    status: 503,
    type: "server_error",
    message: "Oversight is unavailable, so nothing is generated.",
  },
  review_unavailable: { status: 503, type: "server_error", message: "The review queue cannot be reached." },
  deadline_exceeded: { status: 504, type: "server_error", message: "The request ran past its deadline." },
} as const;

/** A code of the table. */
export type ErrorCode = keyof typeof ERRORS;

/** An error a caller is meant to see: a code of the table, a message that names the thing, and the field at fault. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message?: string,
    details: { param?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message ?? ERRORS[code].message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "GatewayError";
    this.code = code;
    this.param = details.param ?? null;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** One thing wrong in a file that an operator wrote: where it is, what is wrong, what to do. Lines count from 1. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly field?: string;
  readonly message: string;
  readonly cure: string;
}

/** The files an operator wrote do not load. Holds every problem found, not just the first. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** `gateway.yaml:12 policies.demo.mode: … — cure: …` */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const field = problem.field === undefined || problem.field === "" ? "" : ` ${problem.field}`;
  return `${place}${field}: ${problem.message} (cure: ${problem.cure})`;
}
