import { setTimeout as wait } from "node:timers/promises";
import { openEngine } from "../engine/open-engine.ts";
import type { WorkerEngine } from "../engine/worker-engine.ts";
import { ConfigError } from "../errors.ts";
import type { OpenModel } from "../lens/open-model.ts";
import type { Logger } from "../log.ts";
import type { Definitions } from "./definitions.ts";
import { createEngineSeat, type EngineSeat } from "./engine-seat.ts";
import { engineOptions } from "./running.ts";
import { testEngine } from "./self-test.ts";

/** Every engine of a gateway: the one that serves, one that is being made ready, and those that finish what they began. */
export interface Engines {
  /** Starts an engine. Await its `ready`. */
  start(definitions: Definitions): EngineSeat;
  /**
   * Starts one beside those that there are, and lets it judge a sentence. Throws `ConfigError` where it does not get ready or a
   * detector breaks; then it is gone again. Waits while two others still finish.
   */
  replace(definitions: Definitions): Promise<EngineSeat>;
  /** Closes one as soon as nothing is under way on it, or after the limit. It must get no new requests. Resolves when it is gone. */
  retire(seat: EngineSeat, limitMs: number): Promise<void>;
  /** Closes all of them, now. */
  close(): Promise<void>;
}

export interface EnginesParts {
  readonly log: Logger;
  readonly model: OpenModel;
  readonly open?: (definitions: Definitions) => WorkerEngine;
  /** How long an engine may take to get ready (2 minutes). */
  readonly readyLimitMs?: number;
}

/** Each has weights and caches of its own, so that there are not more of them than this besides the one that serves and its successor. */
const MOST_RETIRING = 2;

/** Has no engine yet. */
export function createEngines(parts: EnginesParts): Engines {
  const { log, model, readyLimitMs = 120_000 } = parts;
  const open = parts.open ?? (({ config, detectors }) => openEngine(engineOptions({ config, detectors, model, log })));
  const all = new Set<EngineSeat>();
  const retiring = new Set<Promise<void>>();
  let closed = false;

  function start(definitions: Definitions): EngineSeat {
    if (closed) throw new Error("the gateway is stopping");
    const seat = createEngineSeat(open(definitions), definitions.engineHash);
    all.add(seat);
    return seat;
  }
  async function end(seat: EngineSeat): Promise<void> {
    await seat.engine.close();
    all.delete(seat);
  }
  return {
    start,
    async replace(definitions) {
      while (retiring.size >= MOST_RETIRING) await Promise.race(retiring);
      const seat = start(definitions);
      try {
        await getReady(seat.engine, readyLimitMs);
        const problems = await testEngine(seat.engine, definitions, model);
        if (problems.length > 0) throw new ConfigError(problems);
        return seat;
      } catch (error) {
        await end(seat);
        throw error instanceof ConfigError ? error : new ConfigError([toProblem(definitions, error)]);
      }
    },
    async retire(seat, limitMs) {
      const gone = (async () => {
        if (!(await seat.emptied(limitMs)))
          log.warn({ live: seat.engine.live }, "an earlier engine is closed under its replies");
        await end(seat);
      })();
      retiring.add(gone);
      await gone;
      retiring.delete(gone);
    },
    async close() {
      closed = true;
      await Promise.all([...all].map(end));
    },
  };
}

async function getReady({ ready }: WorkerEngine, limitMs: number): Promise<void> {
  const patience = new AbortController();
  const late = wait(limitMs, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`it was not ready after ${limitMs / 1000} s`);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    late.catch(() => undefined);
    patience.abort();
  }
}

function toProblem({ config }: Definitions, error: unknown) {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    file: config.file,
    message: `an engine with these detectors does not work: ${reason}`,
    cure: "see the log, and try again with SIGHUP once there is memory for two engines",
  };
}
