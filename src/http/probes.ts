import type { RequestHandler } from "express";
import type { Engine } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import { sendError } from "./error-response.ts";

/** What the probes read. */
export interface ProbeParts {
  readonly engine: Pick<Engine, "status">;
  readonly isDraining: () => boolean;
  readonly retryAfterMs: number;
}

/** `/livez` depends on nothing; `/readyz` is 503 `not_ready` while the engine loads or restarts and while the gateway drains. */
export function createProbes({ engine, isDraining, retryAfterMs }: ProbeParts): {
  readonly live: RequestHandler;
  readonly ready: RequestHandler;
} {
  return {
    live(_request, response) {
      response.set("cache-control", "no-store").json({ status: "live" });
    },
    ready(_request, response) {
      const { state } = engine.status();
      if (state === "ready" && !isDraining()) {
        response.set("cache-control", "no-store").json({ status: "ready" });
        return;
      }
      // Answered here and not thrown: a probe asks every second, and "not yet" is no failure to log.
      const why = isDraining() ? "The gateway is draining." : `The engine is ${state}.`;
      sendError(response, new GatewayError("not_ready", why), { retryAfterMs });
    },
  };
}
