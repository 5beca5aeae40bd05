import type { RunEnd } from "../engine/engine.ts";
import type { ErrorCode } from "../errors.ts";
import type { Logger } from "../log.ts";

/** What a request asks for, in the words of the metrics. */
export type Operation = "chat" | "text_completion";

/** A request that is over: its body was sent whole, or nobody takes it any more. Times in milliseconds of one monotonic clock. */
export interface RequestOutcome {
  readonly operation: Operation;
  /** Undefined while the request had named no known model. */
  readonly model: string | undefined;
  readonly durationMs: number;
  /** Until the first generated text was handed to the connection; null when none was. */
  readonly firstDeliveryMs: number | null;
  /** Null: answered as asked. `cancelled`: the client left. */
  readonly error: ErrorCode | "cancelled" | null;
  /** What the run said at its end; undefined when there was no run or the client left before. */
  readonly end: RunEnd | undefined;
}

/** A run that is over, whether or not a client still waited. */
export interface RunReport {
  readonly operation: Operation;
  readonly model: string;
  readonly policy: string;
  /** What the reply was allowed; absent where that is not known. */
  readonly maxTokens?: number;
  readonly end: RunEnd;
}

/** Why a caller was let in (`open`: there are no keys) or not. */
export const AUTH_REASONS = {
  allow: ["open", "key"],
  deny: ["missing", "unknown", "expired", "disabled"],
} as const;

/** One decision about a caller. */
export type AuthDecision =
  | { readonly result: "allow"; readonly reason: (typeof AUTH_REASONS.allow)[number] }
  | { readonly result: "deny"; readonly reason: (typeof AUTH_REASONS.deny)[number] };

/** What serving tells the metrics. */
export interface ServingObserver {
  requestStarted(): void;
  requestEnded(outcome: RequestOutcome): void;
  runEnded(report: RunReport): void;
  authDecided(decision: AuthDecision): void;
  /** An answer or a stream that ended with this error. */
  rejected(reason: ErrorCode): void;
}

/** An observer that throws is logged once and changes nothing. */
export function guardObserver(observer: ServingObserver, log: Pick<Logger, "error">): ServingObserver {
  let told = false;
  const guard =
    <Fact extends unknown[]>(observe: (...fact: Fact) => void) =>
    (...fact: Fact): void => {
      try {
        observe(...fact);
      } catch (error) {
        if (!told) log.error({ err: error }, "counting failed; requests go on, metrics are incomplete from here");
        told = true;
      }
    };
  return {
    requestStarted: guard(() => observer.requestStarted()),
    requestEnded: guard((outcome) => observer.requestEnded(outcome)),
    runEnded: guard((report) => observer.runEnded(report)),
    authDecided: guard((decision) => observer.authDecided(decision)),
    rejected: guard((reason) => observer.rejected(reason)),
  };
}
