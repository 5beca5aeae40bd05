import type { EndReason, FlagEvidence, RunEnd } from "../engine/engine.ts";
import type { TraceStore } from "./stores.ts";
import type { TraceEnd, TraceHead, TraceSample } from "./trace.ts";

/** Writes the trace of one run, from the first flag on. */
export interface TraceWriter {
  /** Whether anything was flagged, written or not. */
  flagged(): boolean;
  /** The length of the prompt is known from here on. */
  learnPrompt(promptTokens: number): void;
  /** Opens the trace, or adds to it. When it throws, the evidence is kept and written by `close`. */
  save(evidence: FlagEvidence): Promise<void>;
  /** Writes what is still missing, and the end. May be called again after it threw. */
  close(end: RunEnd, ending: { readonly endedAt: number; readonly left: boolean }): Promise<void>;
  /** Writes the whole trace of a reply that nothing flagged. */
  addSample(end: RunEnd, ending: { readonly endedAt: number; readonly sample: TraceSample }): Promise<void>;
}

/** `complete`: the model or the policy ended the run. `interrupted`: the client, the deadline or a failure did. */
export function traceStateOf(reason: EndReason): "complete" | "interrupted" {
  return reason === "stop" || reason === "length" || reason === "abort" ? "complete" : "interrupted";
}

/** Makes the writer of one trace; nothing is written before the first `save`. */
export function createTraceWriter(traces: TraceStore, given: TraceHead): TraceWriter {
  const missing: FlagEvidence[] = [];
  let head = given;
  let opened = false;

  async function write(evidence: FlagEvidence): Promise<void> {
    await (opened ? traces.append(head.id, evidence) : traces.open(head, evidence));
    opened = true;
  }

  return {
    flagged: () => opened || missing.length > 0,
    learnPrompt(promptTokens) {
      head = { ...head, promptTokens };
    },
    async save(evidence) {
      try {
        await write(evidence);
      } catch (error) {
        missing.push(evidence);
        throw error;
      }
    },
    async close(end, { endedAt, left }) {
      for (let evidence = missing[0]; evidence !== undefined; evidence = missing[0]) {
        await write(evidence);
        missing.shift();
      }
      await traces.close(head.id, endingOf(end, endedAt), left ? "interrupted" : traceStateOf(end.reason));
    },
    addSample: (end, { endedAt, sample }) => traces.addSample(head, endingOf(end, endedAt), sample),
  };
}

function endingOf(end: RunEnd, endedAt: number): TraceEnd {
  const { reason, decision, promptTokens, releasedTokens, generated, scores } = end;
  return { endedAt, reason, decision, promptTokens, releasedTokens, generated, scores };
}
