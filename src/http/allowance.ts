import type { Response } from "express";
import type { ApiKey, KeyLimits } from "./options.ts";
import type { Allowance, RateLimits, Reservation } from "./rate-limits.ts";

/** What opening an allowance needs. */
export interface AllowanceParts {
  readonly rateLimits: RateLimits;
  /** Of everyone together while there are no keys. */
  readonly defaultLimits: KeyLimits;
}

/**
 * Counts a request under its key's limits until its response closes, and tells the caller how they stand. Throws
 * `rate_limit_exceeded`.
 */
export function openAllowance(
  parts: AllowanceParts,
  key: Pick<ApiKey, "id" | "limits"> | undefined,
  response: Response,
): Pick<Allowance, "reserve"> {
  const limits = key === undefined ? parts.defaultLimits : (key.limits ?? {});
  const allowance = parts.rateLimits.allow(key?.id ?? "", limits);
  const tell = <Result>(work: () => Result): Result => {
    try {
      return work();
    } finally {
      for (const [name, value] of Object.entries(allowance.headers())) response.setHeader(name, value);
    }
  };
  response.once("close", () => allowance.leave());
  tell(() => allowance.enter());
  return { reserve: (tokens): Reservation => tell(() => allowance.reserve(tokens)) };
}
