import type { EndReason, FlagEvidence, Run, RunEnd, RunEvent } from "../../src/engine/engine.ts";
import { sampleEnd, sampleEvidence } from "../conformance/samples.ts";

export function runEnd(reason: EndReason, changes: Partial<RunEnd> = {}): RunEnd {
  const { decision, promptTokens, releasedTokens, generated, scores } = sampleEnd();
  const timing = { waitMs: 0, prefillMs: 1, decodeMs: 2, judgeMs: 0, firstTokenMs: 1 };
  return {
    type: "run-ended",
    reason,
    decision,
    promptTokens,
    releasedTokens,
    generated,
    scores,
    timing,
    runs: [],
    actions: [],
    ...changes,
  };
}

export const promptJudged: RunEvent = { type: "prompt-judged", promptTokens: 11 };

export function flagRaised(changes: Partial<FlagEvidence> = {}): RunEvent {
  return { type: "flag-raised", evidence: sampleEvidence(changes) };
}

export function released(...texts: string[]): RunEvent {
  return { type: "tokens-released", tokens: texts.map((text, index) => ({ id: index, text })) };
}

/** A run that tells these events, one per turn of the event loop; cancelled, it ends with `cancelled` after what is in `afterCancel`. */
export function scriptedRun(
  script: readonly RunEvent[],
  afterCancel: readonly RunEvent[] = [],
): Run & { readonly cancels: () => number } {
  let cancels = 0;
  return {
    cancel() {
      cancels += 1;
    },
    cancels: () => cancels,
    async *[Symbol.asyncIterator]() {
      for (const event of script) {
        await new Promise(setImmediate);
        if (cancels > 0) break;
        yield event;
        if (event.type === "run-ended") return;
      }
      if (cancels === 0) return;
      yield* afterCancel;
      yield runEnd("cancelled");
    },
  };
}
