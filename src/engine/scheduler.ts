import type { Decision } from "../decide/policy.ts";
import type { Slot } from "../model/slot.ts";
import { advance, readReleased } from "./advance.ts";
import { bareEnd } from "./bare-end.ts";
import { endRun, startRun, type ActiveRun } from "./active-run.ts";
import type { EndReason, RunEvent } from "./engine.ts";
import type { Job } from "./job.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** Gives waiting jobs slots and every running one its turn. */
export interface Scheduler {
  start(job: Job): void;
  /** Ends a run within one step, or takes a waiting job out of line. An id that is not here is ignored. */
  cancel(id: string): void;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

export interface SchedulerOptions {
  readonly parts: WorkerParts;
  /** At least one. */
  readonly slots: readonly Slot[];
  readonly emit: (id: string, event: RunEvent) => void;
  /** Told when one of the two numbers changed. */
  readonly onLoad: (running: number, waiting: number) => void;
  /** A forward pass failed: the model itself is in doubt. */
  readonly onFault: (error: unknown) => void;
}

interface Waiting {
  readonly job: Job;
  readonly acceptedAt: number;
}

interface State {
  readonly options: SchedulerOptions;
  readonly free: Slot[];
  readonly waiting: Waiting[];
  running: ActiveRun[];
  load: string;
}

/** Round robin: in each round every run advances by one unit, so that a long prompt never stands in the way of another's tokens. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  if (options.slots.length === 0) throw new Error("a scheduler without slots could never run anything");
  const state: State = { options, free: [...options.slots], waiting: [], running: [], load: "" };
  let loop: Promise<void> | undefined;

  // The first round begins after the caller is done, so that a job started by an event never starts a second loop.
  const wake = (): void => {
    loop ??= Promise.resolve()
      .then(() => work(state))
      .finally(() => {
        loop = undefined;
        if (state.waiting.length > 0) wake();
      });
  };

  return {
    start(job) {
      state.waiting.push({ job, acceptedAt: options.parts.now() });
      wake();
    },
    cancel(id) {
      const index = state.waiting.findIndex(({ job }) => job.request.id === id);
      const [left] = index < 0 ? [] : state.waiting.splice(index, 1);
      if (left) return endWaiting(state, left, { reason: "cancelled" });
      const run = state.running.find((each) => each.job.request.id === id);
      if (run) run.cancelled = true;
    },
    async idle() {
      while (loop) await loop;
    },
  };
}

async function work(state: State): Promise<void> {
  for (;;) {
    expire(state);
    admit(state);
    tellLoad(state);
    if (state.running.length === 0) return;
    for (const run of state.running) await turn(state, run);
    retire(state);
  }
}

/** Jobs whose deadline passed while they waited end without a slot. */
function expire(state: State): void {
  const { waiting, options } = state;
  const now = options.parts.now();
  for (const late of waiting.filter(({ job, acceptedAt }) => now - acceptedAt > job.request.deadlineMs)) {
    waiting.splice(waiting.indexOf(late), 1);
    endWaiting(state, late, { reason: "deadline" });
  }
}

function admit(state: State): void {
  const { waiting, free, options } = state;
  while (free.length > 0) {
    const next = waiting.shift();
    if (!next) return;
    const { job, acceptedAt } = next;
    const slot = free.pop() as Slot;
    try {
      state.running.push(
        startRun(options.parts, job, { slot, acceptedAt, emit: (event) => options.emit(job.request.id, event) }),
      );
    } catch (error) {
      // The request is at fault, not the model.
      free.push(slot);
      endWaiting(state, next, { reason: "failed", rule: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function turn({ options }: State, run: ActiveRun): Promise<void> {
  const { parts } = options;
  const isLate = parts.now() - run.times.acceptedAt > run.job.request.deadlineMs;
  try {
    if (!run.cancelled && !isLate) return await advance(parts, run);
    await readReleased(parts, run);
    endRun(parts, run, run.cancelled ? "cancelled" : "deadline");
  } catch (error) {
    options.onFault(error);
    endRun(parts, run, "failed");
  }
}

function retire(state: State): void {
  for (const { ended, slot } of state.running) {
    if (!ended) continue;
    slot.clear();
    state.free.push(slot);
  }
  state.running = state.running.filter((run) => !run.ended);
}

function tellLoad(state: State): void {
  const { running, waiting, options } = state;
  const load = `${running.length}/${waiting.length}`;
  if (load === state.load) return;
  state.load = load;
  options.onLoad(running.length, waiting.length);
}

interface WaitingEnd {
  readonly reason: Extract<EndReason, "cancelled" | "deadline" | "failed">;
  /** Why it could not run. */
  readonly rule?: string;
}

function endWaiting({ options }: State, { job, acceptedAt }: Waiting, { reason, rule }: WaitingEnd): void {
  const decision: Decision = rule === undefined ? { action: "continue" } : { action: "unavailable", rule };
  const waitMs = options.parts.now() - acceptedAt;
  const promptTokens = job.request.prompt.length;
  options.emit(job.request.id, bareEnd({ reason, decision, promptTokens, generated: [], waitMs }));
}
