import type { ActionTaken, Decision, Policy } from "../decide/policy.ts";
import { startStages, type StagedRun } from "../decide/stages.ts";
import { createSampler, type Sampler } from "../model/sampler.ts";
import type { Slot } from "../model/slot.ts";
import { createDetokeniser, type Detokeniser } from "../model/token-bytes.ts";
import type { EndReason, LivePosition, RunEvent } from "./engine.ts";
import { checkJob, type Job } from "./job.ts";
import { createReleaseGate, type ReleaseGate } from "./release-gate.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** One action of one detector in one run. */
export type ActionRow = {
  readonly detector: string;
  readonly action: ActionTaken;
  readonly count: number;
};

/** The state of one request that holds a slot. Everything that changes while it runs is here. */
export interface ActiveRun {
  readonly job: Job;
  readonly policy: Policy;
  readonly panel: StagedRun;
  readonly slot: Slot;
  readonly gate: ReleaseGate;
  readonly sampler: Sampler | undefined;
  readonly promptText: Detokeniser;
  readonly maxTokens: number;
  /** Prompt tokens that were read. */
  cursor: number;
  /** Drawn or forced tokens, in order, with their text. */
  readonly generated: { readonly id: number; readonly text: string }[];
  /** How many of them were read. */
  read: number;
  /** How many generation states were judged: the last prompt position is the first. */
  judgedStates: number;
  /** Set once no further token is drawn. */
  final: "stop" | "length" | undefined;
  /** Set from outside; the next turn ends the run. */
  cancelled: boolean;
  ended: boolean;
  decision: Decision;
  /** What was decided about the last evidence of each detector. */
  readonly flagged: Map<string, Decision>;
  readonly actions: ActionRow[];
  /** Judged positions, newest last. */
  readonly live: LivePosition[];
  readonly every: LivePosition[];
  readonly times: {
    acceptedAt: number;
    startedAt: number;
    promptAt: number | null;
    firstAt: number | null;
    judgeMs: number;
    readonly passMs: { prefill: number; decode: number };
  };
  readonly emit: (event: RunEvent) => void;
}

/** What a run starts from besides its job. */
export interface RunStart {
  readonly slot: Slot;
  readonly acceptedAt: number;
  readonly emit: (event: RunEvent) => void;
}

/** Gives a job its slot. Throws as `checkJob` does, and when a detector of the policy is not loaded. */
export function startRun(parts: WorkerParts, job: Job, start: RunStart): ActiveRun {
  const { request } = job;
  checkJob(job, parts);
  const { policy } = request;
  const room = parts.contextTokens - request.prompt.length;
  return {
    job,
    policy,
    panel: startStages(parts.panel, policy, parts.now),
    slot: start.slot,
    gate: createReleaseGate({
      bytes: parts.bytes,
      stop: job.verb === "generate" ? job.request.stop : [],
      textOf: parts.textOf,
    }),
    sampler: job.verb === "generate" ? createSampler(job.request.sampling) : undefined,
    promptText: createDetokeniser(parts.bytes),
    maxTokens: Math.min(room, job.verb === "generate" ? job.request.maxTokens : job.request.forced.length),
    cursor: 0,
    generated: [],
    read: 0,
    judgedStates: 0,
    final: undefined,
    cancelled: false,
    ended: false,
    decision: { action: "continue" },
    flagged: new Map(),
    actions: [],
    live: [],
    every: [],
    times: {
      acceptedAt: start.acceptedAt,
      startedAt: parts.now(),
      promptAt: null,
      firstAt: null,
      judgeMs: 0,
      passMs: { prefill: 0, decode: 0 },
    },
    emit: start.emit,
  };
}

/** Ends a run once; later calls do nothing. Tells everything that metrics and records want. */
export function endRun(parts: WorkerParts, run: ActiveRun, reason: EndReason): void {
  if (run.ended) return;
  run.ended = true;
  const { times, panel } = run;
  const now = parts.now();
  const promptAt = times.promptAt ?? now;
  run.emit({
    type: "run-ended",
    reason,
    decision: run.decision,
    promptTokens: run.job.request.prompt.length,
    releasedTokens: run.gate.released,
    generated: run.generated,
    scores: panel.scores(),
    ...(run.job.request.keepScores ? { everyScore: run.every } : {}),
    timing: {
      waitMs: times.startedAt - times.acceptedAt,
      prefillMs: promptAt - times.startedAt,
      decodeMs: now - promptAt,
      judgeMs: times.judgeMs,
      firstTokenMs: times.firstAt === null ? null : times.firstAt - times.acceptedAt,
      passMs: times.passMs,
    },
    runs: panel.runs(),
    actions: [
      ...run.actions,
      ...panel.unconfirmed().map((detector) => ({ detector, action: "unconfirmed" as const, count: 1 })),
    ],
  });
}
