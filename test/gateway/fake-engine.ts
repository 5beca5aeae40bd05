import type { ReadRequest, Run } from "../../src/engine/engine.ts";
import type { WorkerEngine } from "../../src/engine/worker-engine.ts";
import { scriptedEngine } from "../http/scripted-engine.ts";
import { runEnd, scriptedRun } from "../trace/scripted-run.ts";

/** What a test decides about an engine. */
export interface FakeEngine extends WorkerEngine {
  live: number;
  readonly closed: boolean;
  /** What was asked to be read. */
  readonly reads: readonly ReadRequest[];
}

/** An engine without a thread, ready when it is made unless a test says otherwise. */
export function fakeEngine(changes: Partial<Pick<WorkerEngine, "ready" | "read" | "status">> = {}): FakeEngine {
  const { engine } = scriptedEngine([]);
  const reads: ReadRequest[] = [];
  let closed = false;
  return {
    ...engine,
    ready: Promise.resolve(),
    live: 0,
    crash: async () => undefined,
    reads,
    get closed() {
      return closed;
    },
    read(request): Run {
      reads.push(request);
      return changes.read?.(request) ?? scriptedRun([runEnd("stop", { scores: [] })]);
    },
    close: async () => void (closed = true),
    ...(changes.ready ? { ready: changes.ready } : {}),
    ...(changes.status ? { status: changes.status } : {}),
  };
}
