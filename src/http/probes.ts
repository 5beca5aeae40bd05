import type { RequestHandler } from "express";
import type { Engine } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";

/** What the probes read. */
export interface ProbeParts {
  readonly engine: Pick<Engine, "status">;
  readonly isDraining: () => boolean;
}

/** `/livez` depends on nothing; `/readyz` is 503 `not_ready` while the engine loads or restarts and while the gateway drains. */
export function createProbes({ engine, isDraining }: ProbeParts): {
  readonly live: RequestHandler;
  readonly ready: RequestHandler;
} {
  return {
    live(_request, response) {
      response.set("cache-control", "no-store").json({ status: "live" });
    },
    ready(_request, response) {
      const { state } = engine.status();
      if (isDraining()) throw new GatewayError("not_ready", "The gateway is draining.");
      if (state !== "ready") throw new GatewayError("not_ready", `The engine is ${state}.`);
      response.set("cache-control", "no-store").json({ status: "ready" });
    },
  };
}
