import type { RequestHandler } from "express";
import type { Engine } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import { sendError } from "./error-response.ts";
import type { ReviewHealth } from "./options.ts";

/** What the probes read. */
export interface ProbeParts {
  readonly engine: Pick<Engine, "status">;
  readonly isDraining: () => boolean;
  readonly retryAfterMs: number;
  readonly reviewHealth?: () => ReviewHealth | undefined;
}

/**
 * `/livez` depends on nothing; `/readyz` is 503 `not_ready` while the engine loads or restarts, while the gateway drains, and
 * while it refuses what would be flagged. Its body says how the way to review is, also when that is bad and nothing is refused yet.
 */
export function createProbes({ engine, isDraining, retryAfterMs, reviewHealth }: ProbeParts): {
  readonly live: RequestHandler;
  readonly ready: RequestHandler;
} {
  return {
    live(_request, response) {
      response.set("cache-control", "no-store").json({ status: "live" });
    },
    ready(_request, response) {
      const review = reviewHealth?.();
      const extra = review === undefined ? {} : { review };
      const why = whyNot(engine.status().state, isDraining(), review);
      if (why === undefined) response.set("cache-control", "no-store").json({ status: "ready", ...extra });
      // Answered here and not thrown: a probe asks every second, and "not yet" is no failure to log.
      else sendError(response, new GatewayError("not_ready", why), { retryAfterMs, extra });
    },
  };
}

function whyNot(engine: string, draining: boolean, review: ReviewHealth | undefined): string | undefined {
  if (draining) return "The gateway is draining.";
  if (engine !== "ready") return `The engine is ${engine}.`;
  if (review?.refuses !== true) return undefined;
  const { waiting, limit } = review.outbox;
  return `${waiting} of ${limit} flagged replies wait for the review queue, so no other may be flagged.`;
}
