import type { Policy } from "../decide/policy.ts";
import type { Phase } from "../detect/finding.ts";
import type { Panel } from "../detect/panel.ts";
import { startRun } from "../engine/active-run.ts";
import { advance } from "../engine/advance.ts";
import type { LivePosition } from "../engine/engine.ts";
import type { WorkerParts } from "../engine/worker-parts.ts";
import type { Forward, ForwardResult } from "../model/forward.ts";
import type { Slot } from "../model/slot.ts";
import type { RereadPlan } from "./reread-plan.ts";

/** One position that was kept: its row of a pass with every tap. */
export interface KeptRow {
  readonly result: ForwardResult;
  readonly row: number;
}

/** What the reads of interest said at one judged position. */
export interface JudgedStep {
  readonly position: number;
  readonly phase: Phase;
  /** By index of the read: what each tap of a probe adds. */
  readonly parts: ReadonlyMap<number, Float32Array>;
}

/** A trace as it was read again. */
export interface Reread {
  /** By position. */
  readonly kept: ReadonlyMap<number, KeptRow>;
  readonly steps: readonly JudgedStep[];
  /** Aggregated scores of every judged position. */
  readonly every: readonly LivePosition[];
  /** Logits after the last position that was read. `[vocabulary]` */
  readonly logits: Float32Array;
}

/** What is read of a plan, on what. */
export interface RereadTask {
  readonly plan: RereadPlan;
  /** Of the live engine's kind, with every tap. */
  readonly parts: WorkerParts;
  /** Empty. */
  readonly slot: Slot;
  /** Indices of probe reads whose parts are kept at every judged position. */
  readonly probeReads: readonly number[];
}

/**
 * Reads a trace as the live run did: the prompt in the same chunks, one pass a generated token. In fast precision kernels of
 * one and of many rows round differently (scores move by up to 1.5); so the same scores come out to the last bit.
 */
export async function reread({ plan, parts, slot, probeReads }: RereadTask): Promise<Reread> {
  const { policy, prompt, judged, forced, trace } = plan;
  const kept = new Map<number, KeptRow>();
  const steps: JudgedStep[] = [];
  let logits: Float32Array = new Float32Array(0); // [vocabulary]
  const keep = (start: number, result: ForwardResult): void => {
    ({ logits } = result);
    for (let row = 0; row < result.positions; row += 1) {
      const position = start + row;
      if (position >= plan.first && position <= plan.last) kept.set(position, { result, row });
    }
  };
  const own: WorkerParts = {
    ...parts,
    forward: watchForward(parts.forward, keep),
    panel: watchPanel(parts.panel, probeReads, (step) => steps.push(step)),
  };
  const request = {
    id: trace.head.id,
    prompt,
    judged,
    forced,
    policy: quiet(policy),
    deadlineMs: Infinity,
    keepScores: true,
    chunkTokens: 1,
  };
  const run = startRun(own, { verb: "read", request }, { slot, acceptedAt: parts.now(), emit: () => undefined });
  while (!run.ended && slot.length <= plan.end) await advance(own, run);
  return { kept, steps, every: run.every, logits };
}

/** The same detectors, none of which ends anything. */
function quiet(policy: Policy): Policy {
  const detectors = Object.entries(policy.detectors).map(([id, rule]) => [
    id,
    { ...rule, action: "observe", onError: "open" },
  ]);
  const combine = Object.entries(policy.combine ?? {}).map(([id, rule]) => [id, { ...rule, action: "observe" }]);
  return {
    ...policy,
    detectors: Object.fromEntries(detectors) as Policy["detectors"],
    ...(policy.combine ? { combine: Object.fromEntries(combine) as NonNullable<Policy["combine"]> } : {}),
  };
}

function watchForward(forward: Forward, keep: (start: number, result: ForwardResult) => void): Forward {
  return {
    ...forward,
    async step(slot, ids, logits) {
      const start = slot.length;
      const result = await forward.step(slot, ids, logits);
      keep(start, result);
      return result;
    },
  };
}

function watchPanel(panel: Panel, reads: readonly number[], tell: (step: JudgedStep) => void): Panel {
  return {
    ...panel,
    start(rules) {
      const run = panel.start(rules);
      return {
        ...run,
        judge(step) {
          const parts = new Map(reads.map((index) => [index, step.reading(index).logits]));
          tell({ position: step.position, phase: step.phase, parts });
          return run.judge(step);
        },
      };
    },
  };
}
