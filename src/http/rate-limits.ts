import { GatewayError } from "../errors.ts";
import type { KeyLimits } from "./options.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** Which of a caller's limits is meant. */
export type LimitName = "requests" | "tokens" | "concurrent";

/** One request under its caller's limits. */
export interface Allowance {
  /** Counts the request. Throws `rate_limit_exceeded`; then nothing is counted. */
  enter(): void;
  /** Takes as many tokens as the request may need, before it runs. Throws `rate_limit_exceeded`. */
  reserve(tokens: number): Reservation;
  /** The request is over: it counts no longer as running. Further calls do nothing. */
  leave(): void;
  /** `x-ratelimit-…` with how things stand, for the limits that there are. */
  headers(): Readonly<Record<string, string>>;
}

/** Tokens that a request took before it ran. */
export interface Reservation {
  /** Pays for what was used instead. Further calls do nothing. */
  settle(used: number): void;
}

/** What every caller has used; outlives a changed configuration. */
export interface RateLimits {
  /** `caller` is a key's id, or empty for everyone while there are no keys. */
  allow(caller: string, limits: KeyLimits): Allowance;
}

interface Usage {
  readonly requests: TokenBucket;
  readonly tokens: TokenBucket;
  running: number;
}

/** Nothing is used yet. `clock` is milliseconds of a clock that never goes back. */
export function createRateLimits(clock: () => number): RateLimits {
  const usages = new Map<string, Usage>();
  return {
    allow(caller, limits) {
      const usage = usages.get(caller) ?? {
        requests: createTokenBucket(clock),
        tokens: createTokenBucket(clock),
        running: 0,
      };
      usages.set(caller, usage);
      return createAllowance(usage, limits);
    },
  };
}

function createAllowance(usage: Usage, { requestsPerMinute, tokensPerMinute, concurrent }: KeyLimits): Allowance {
  let isIn = false;
  return {
    enter() {
      if (concurrent !== undefined && usage.running >= concurrent)
        throw refusal("concurrent", `This key may have ${concurrent} at once.`);
      const waitMs = requestsPerMinute === undefined ? 0 : usage.requests.take(1, requestsPerMinute);
      if (waitMs > 0) throw refusal("requests", `This key may send ${requestsPerMinute} a minute.`, waitMs);
      usage.running += 1;
      isIn = true;
    },
    reserve(tokens) {
      if (tokensPerMinute === undefined) return { settle: () => undefined };
      const waitMs = usage.tokens.take(tokens, tokensPerMinute);
      if (waitMs > 0) {
        const message = `This key may use ${tokensPerMinute} a minute, and prompt and 'max_tokens' together are ${tokens}.`;
        throw refusal("tokens", message, waitMs);
      }
      return createReservation(tokens, (unused) => usage.tokens.giveBack(unused, tokensPerMinute));
    },
    leave() {
      if (isIn) usage.running -= 1;
      isIn = false;
    },
    headers: () => ({
      ...describe("requests", usage.requests, requestsPerMinute),
      ...describe("tokens", usage.tokens, tokensPerMinute),
    }),
  };
}

function createReservation(taken: number, giveBack: (unused: number) => void): Reservation {
  let isOpen = true;
  return {
    settle(used) {
      if (isOpen) giveBack(taken - used);
      isOpen = false;
    },
  };
}

const WHAT: Readonly<Record<LimitName, string>> = {
  requests: "Too many requests.",
  tokens: "Too many tokens.",
  concurrent: "Too many requests at the same time.",
};

function refusal(limit: LimitName, message: string, waitMs?: number): GatewayError {
  const details = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  return new GatewayError("rate_limit_exceeded", `${WHAT[limit]} ${message}`, details);
}

function describe(what: "requests" | "tokens", bucket: TokenBucket, perMinute: number | undefined) {
  if (perMinute === undefined) return {};
  return {
    [`x-ratelimit-limit-${what}`]: String(perMinute),
    [`x-ratelimit-remaining-${what}`]: String(bucket.remaining(perMinute)),
    [`x-ratelimit-reset-${what}`]: formatDuration(bucket.fullAfterMs(perMinute)),
  };
}

/** `0s`, `17ms`, `1.5s`, `6m0s`: the form that clients of the OpenAI API know. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1_000) return `${milliseconds}ms`;
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = (milliseconds - minutes * 60_000) / 1_000;
  return `${minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}
