import type { EndReason, FlagEvidence, RunEnd } from "../engine/engine.ts";
import { NO_REDACTION, type Redaction, type TraceRedactor } from "./redaction.ts";
import type { TraceStore } from "./stores.ts";
import type { TraceEnd, TraceHead, TraceSample } from "./trace.ts";
import type { Closing } from "./trace-store.ts";

/** Writes the trace of one run, from the first flag on. */
export interface TraceWriter {
  /** Whether anything was flagged, written or not. */
  flagged(): boolean;
  /** The length of the prompt is known from here on. */
  learnPrompt(promptTokens: number): void;
  /** Opens the trace, or adds to it. When it throws, the evidence is kept and written by `close`. */
  save(evidence: FlagEvidence): Promise<void>;
  /** Writes what is still missing, and the end; `write` does so in the store's place. May be called again after it threw. */
  close(end: RunEnd, ending: Ending): Promise<void>;
  /** Writes the whole trace of a reply that nothing flagged. */
  addSample(end: RunEnd, ending: { readonly endedAt: number; readonly sample: TraceSample }): Promise<void>;
}

/** When a run ended, whether its client had left, and who writes its end. */
export interface Ending {
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  readonly left: boolean;
  readonly write?: (closing: Closing) => Promise<void>;
}

/** `complete`: the model or the policy ended the run. `interrupted`: the client, the deadline or a failure did. */
export function traceStateOf(reason: EndReason): "complete" | "interrupted" {
  return reason === "stop" || reason === "length" || reason === "abort" ? "complete" : "interrupted";
}

/** What a trace is written to, and what is taken out of it before. */
export interface WriterParts {
  readonly traces: TraceStore;
  readonly redaction?: Redaction | undefined;
}

/** Makes the writer of one trace; nothing is written before the first `save`. */
export function createTraceWriter({ traces, redaction = NO_REDACTION }: WriterParts, given: TraceHead): TraceWriter {
  const missing: FlagEvidence[] = [];
  let head = given;
  let opened = false;
  let redactor: TraceRedactor | undefined;
  /** Only what is stored is searched. */
  const stored = (): TraceRedactor => (redactor ??= redaction(given.conversation));

  async function write(evidence: FlagEvidence): Promise<void> {
    const kept = stored().evidence(evidence, head.promptTokens);
    await (opened ? traces.append(head.id, kept) : traces.open(stored().head(head), kept));
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
    async close(end, { endedAt, left, write: writeEnd }) {
      for (let evidence = missing[0]; evidence !== undefined; evidence = missing[0]) {
        await write(evidence);
        missing.shift();
      }
      const ending = stored().end(endingOf(end, endedAt));
      const state = left ? "interrupted" : traceStateOf(end.reason);
      await (writeEnd?.({ id: head.id, end: ending, state }) ?? traces.close(head.id, ending, state));
    },
    addSample: (end, { endedAt, sample }) =>
      traces.addSample(stored().head(head), stored().end(endingOf(end, endedAt)), sample),
  };
}

function endingOf(end: RunEnd, endedAt: number): TraceEnd {
  const { reason, decision, promptTokens, releasedTokens, generated, scores } = end;
  return { endedAt, reason, decision, promptTokens, releasedTokens, generated, scores };
}
