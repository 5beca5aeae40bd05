import type { GenerateRequest, ReadRequest, Run, RunEnd, RunEvent } from "../../src/engine/engine.ts";
import { createLiveRuns } from "../../src/engine/live-runs.ts";
import { createScheduler, type Scheduler } from "../../src/engine/scheduler.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createSlot, type Slot } from "../../src/model/slot.ts";
import { PLAIN, type PolicyParts } from "./engine-parts.ts";

/** An engine in this thread: the real scheduler on real slots. */
export interface EngineRig {
  readonly scheduler: Scheduler;
  readonly slots: readonly Slot[];
  generate(request: GenerateRequest): Run;
  read(request: ReadRequest): Run;
  /** Every event of every run, in the order in which they came. */
  readonly log: readonly { readonly id: string; readonly event: RunEvent }[];
  /** `[running, waiting]` as told. */
  readonly loads: readonly (readonly [number, number])[];
  readonly faults: readonly unknown[];
}

/** Runs parts with so many slots, under the policy that they come with unless a request has its own. */
export function openRig(parts: PolicyParts, model: PreparedModel, count = 1): EngineRig {
  const slots = Array.from({ length: count }, () => createSlot(model.manifest.architecture));
  const log: { id: string; event: RunEvent }[] = [];
  const loads: [number, number][] = [];
  const faults: unknown[] = [];
  const runs = createLiveRuns((id) => scheduler.cancel(id));
  const scheduler = createScheduler({
    parts,
    slots,
    emit(id, event) {
      // What crosses the thread boundary is a copy.
      const copy = structuredClone(event);
      log.push({ id, event: copy });
      runs.receive(id, copy);
    },
    onLoad: (running, waiting) => loads.push([running, waiting]),
    onFault: (error) => faults.push(error),
  });
  const judged = <Request extends GenerateRequest | ReadRequest>(request: Request): Request =>
    parts.policy && request.policy === PLAIN ? { ...request, policy: parts.policy } : request;
  return {
    scheduler,
    slots,
    log,
    loads,
    faults,
    generate(request) {
      const run = runs.open(request);
      scheduler.start({ verb: "generate", request: judged(request) });
      return run;
    },
    read(request) {
      const run = runs.open(request);
      scheduler.start({ verb: "read", request: judged(request) });
      return run;
    },
  };
}

/** Every event of a run. */
export async function eventsOf(run: Run): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** Names of the events, in order. */
export function namesOf(events: readonly RunEvent[]): string[] {
  return events.map(({ type }) => type);
}

/** Ids that were released, in order. */
export function releasedIds(events: readonly RunEvent[]): number[] {
  return events.flatMap((event) => (event.type === "tokens-released" ? event.tokens.map(({ id }) => id) : []));
}

/** Text that was released. */
export function releasedText(events: readonly RunEvent[]): string {
  return events
    .flatMap((event) => (event.type === "tokens-released" ? event.tokens.map(({ text }) => text) : []))
    .join("");
}

/** The last event, which must be the end. */
export function endOf(events: readonly RunEvent[]): RunEnd {
  const end = events.at(-1);
  if (end?.type !== "run-ended") throw new Error(`the last event is ${end?.type ?? "missing"}, not run-ended`);
  return end;
}
