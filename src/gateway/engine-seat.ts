import type { RequestListener } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { WorkerEngine } from "../engine/worker-engine.ts";

/** An engine, and everything that is under way on it. */
export interface EngineSeat {
  readonly engine: WorkerEngine;
  /** Hash of what its thread was born with. */
  readonly engineHash: string;
  /** The same listener; its requests count as under way until their responses close. */
  count(app: RequestListener): RequestListener;
  /** No response is open and no run goes on. */
  readonly isEmpty: boolean;
  /** Resolves with true once it is empty, with false after the limit. */
  emptied(limitMs: number): Promise<boolean>;
}

const LOOK_MS = 50;

/** Counts what is under way on an engine. Runs are counted beside requests: one goes on when its client left. */
export function createEngineSeat(engine: WorkerEngine, engineHash: string): EngineSeat {
  let open = 0;
  return {
    engine,
    engineHash,
    count: (app) => (request, response) => {
      open += 1;
      response.once("close", () => (open -= 1));
      app(request, response);
    },
    get isEmpty() {
      return open === 0 && engine.live === 0;
    },
    async emptied(limitMs) {
      const last = performance.now() + limitMs;
      while (!this.isEmpty) {
        if (performance.now() >= last) return false;
        await wait(LOOK_MS);
      }
      return true;
    },
  };
}
