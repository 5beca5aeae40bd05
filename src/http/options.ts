import type { RequestHandler } from "express";
import type { Policy } from "../decide/policy.ts";
import type { Engine, Run, RunEvent } from "../engine/engine.ts";
import type { Logger } from "../log.ts";
import type { PromptEncoder } from "../model/prompt.ts";
import type { LiveFeed } from "../review/live-feed.ts";
import type { TraceHead } from "../trace/trace.ts";
import type { ServingObserver } from "./observer.ts";
import type { RateLimits } from "./rate-limits.ts";

/** What one caller may use; absent: without limit. */
export interface KeyLimits {
  readonly requestsPerMinute?: number;
  /** Of the prompt and of the reply. */
  readonly tokensPerMinute?: number;
  /** Requests whose body has not ended. */
  readonly concurrent?: number;
}

/** One API key, known by its hash. */
export interface ApiKey {
  readonly id: string;
  /** sha256 of the key's text, 64 lower-case hex digits. */
  readonly sha256: string;
  /** The default policy when absent. */
  readonly policy?: string;
  /** Whether its requests may name a stricter policy. */
  readonly mayTighten: boolean;
  /** Models it may use; all when absent. */
  readonly models?: readonly string[];
  /** Milliseconds since 1970 from which the key is refused. */
  readonly expiresAt?: number;
  readonly disabled?: boolean;
  readonly limits?: KeyLimits;
}

/** How large a body may be and how deep its JSON. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly depth: number;
}

/** What one request may ask for. */
export interface RequestLimits extends BodyLimits {
  readonly maxTokens: number;
  readonly maxMessages: number;
  readonly maxStop: number;
  /** Characters of one stop string. */
  readonly stopLength: number;
}

/** Milliseconds. */
export interface RequestTimeouts {
  /** From acceptance to the end of the reply. */
  readonly totalMs: number;
  /** When a stream's headers leave although the prompt is not judged yet. */
  readonly headersAfterMs: number;
  /** Silence after which a stream sends a comment. */
  readonly heartbeatMs: number;
  /** What a 503 tells the caller to wait. */
  readonly retryAfterMs: number;
}

/** Who may call a listener, besides what it may always be called by: its own address, and loopback names on loopback. */
export interface ConnectionRules {
  /** `name` for any port or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Like `https://app.example`. */
  readonly allowedOrigins: readonly string[];
}

/** What a trace and the order of policies need to know of a detector. */
export interface DetectorFacts {
  readonly id: string;
  readonly hash: string;
  /** The definition's own positions. */
  readonly positions: "prompt" | "generation" | "both";
}

/** Whether flagged replies get to where people review them. Names no address and no error text: anyone may ask. */
export interface ReviewHealth {
  /** The queue's driver. */
  readonly queue: string;
  /** `unreachable`: it does not answer; `failing`: it answers and takes nothing. */
  readonly state: "fine" | "failing" | "unreachable";
  /** Since when it is not fine. */
  readonly since?: string;
  /** Flagged replies that wait on this disk, of at most so many. */
  readonly outbox: { readonly waiting: number; readonly limit: number };
  /** No room is left, and policy refuses what would be flagged. */
  readonly refuses: boolean;
}

/** Everything the public API works with. */
export interface PublicOptions extends ConnectionRules {
  readonly engine: Engine;
  readonly prompts: PromptEncoder;
  /** Passes a run's events on after recording them; leaving early cancels the run. */
  readonly record: (run: Run, head: TraceHead) => AsyncIterable<RunEvent>;
  readonly policies: Readonly<Record<string, Policy>>;
  readonly defaultPolicy: string;
  /** Makes of a request's policy what is in force now; by default that policy itself. */
  readonly loosen?: (policy: Policy) => Policy;
  /** None: everyone may call, so the listener must be on loopback. */
  readonly keys: readonly ApiKey[];
  /** What everyone together may use while there are no keys; without limit by default. */
  readonly defaultLimits?: KeyLimits;
  /** What callers have used; by default nothing yet. */
  readonly rateLimits?: RateLimits;
  readonly limits: RequestLimits;
  readonly timeouts: RequestTimeouts;
  readonly detectors: readonly DetectorFacts[];
  readonly observer: ServingObserver;
  /** Told of every request as it goes; by default nobody listens. */
  readonly live?: LiveFeed;
  readonly log: Logger;
  readonly isDraining: () => boolean;
  /** What `/readyz` tells besides; nothing when it gives undefined. */
  readonly reviewHealth?: () => ReviewHealth | undefined;
  /** When the model was loaded, in milliseconds since 1970; now by default. */
  readonly startedAt?: number;
  /** Milliseconds since 1970; the wall clock by default. */
  readonly clock?: () => number;
  /** Milliseconds of a clock that never goes back; the process's own by default. */
  readonly monotonicClock?: () => number;
  /** 32 hex digits, random by default. */
  readonly randomId?: () => string;
}

/** The same with the defaults filled in. */
export type PublicParts = Required<PublicOptions>;

/** Everything the second listener works with. It has no keys: it belongs on loopback or behind a login. */
export interface ConsoleOptions extends ConnectionRules {
  readonly engine: Pick<Engine, "status">;
  readonly metrics: { render(): Promise<{ readonly contentType: string; readonly body: string }> };
  /** The review API, mounted at the root; it finds a parsed body on its requests. */
  readonly review?: RequestHandler;
  /** The review page, mounted at `/review`; the root redirects there. */
  readonly page?: RequestHandler;
  readonly limits: BodyLimits;
  readonly retryAfterMs: number;
  readonly observer: ServingObserver;
  readonly log: Logger;
  readonly isDraining: () => boolean;
  readonly reviewHealth?: () => ReviewHealth | undefined;
  /** Milliseconds of a clock that never goes back; the process's own by default. */
  readonly monotonicClock?: () => number;
  /** 32 hex digits, random by default. */
  readonly randomId?: () => string;
}
