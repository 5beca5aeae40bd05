import type { WorkerEngine } from "../engine/worker-engine.ts";
import { startLensShareRun } from "../engine/lens-share-run.ts";
import type { WorkerSettings } from "../engine/messages.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { followConfirmedAborts } from "../metrics/confirmed-aborts.ts";
import type { ConfirmedAbort } from "../metrics/tax.ts";
import type { DecisionStore, ScoreLog, TraceStore } from "../trace/stores.ts";

/** Replies of earlier processes that the estimate begins with. */
const REMEMBERED = 5_000;

/** Aborts of this gateway that a person confirmed from now on. `traces` are its own, so that of several gateways one counts each. */
export function openConfirmedAborts(
  records: { readonly traces: Pick<TraceStore, "get">; readonly decisions: Pick<DecisionStore, "page" | "list"> },
  clock: () => number = Date.now,
): () => Promise<ConfirmedAbort[]> {
  return followConfirmedAborts({
    decisions: records.decisions,
    since: clock(),
    async abortOf(traceId) {
      const trace = await records.traces.get(traceId);
      const { head, end } = trace ?? {};
      if (end?.reason !== "abort" || head?.maxTokens === undefined) return undefined;
      return { maxTokens: head.maxTokens, generatedTokens: end.generated.length };
    },
  });
}

/** Hands the lengths of recorded replies to the estimate, oldest first. */
export async function rememberLengths(scores: Pick<ScoreLog, "list">, tax: Metrics["tax"]): Promise<void> {
  for (const { reason, maxTokens, generatedTokens } of (await scores.list({ limit: REMEMBERED })).reverse()) {
    const isComplete = reason === "stop" || reason === "length";
    if (isComplete && maxTokens !== undefined) tax.remember({ maxTokens, generatedTokens });
  }
}

/** The estimate of what oversight costs. */
export interface TaxRun {
  /** Measures the share of the lens once the engine is idle. Again for an engine that replaces it. */
  measure(): void;
  close(): void;
}

/** Remembers what is recorded. */
export async function startTax(parts: {
  /** The engine that serves. */
  readonly engine: () => Pick<WorkerEngine, "status">;
  /** How it was born; absent: the share is not measured. */
  readonly settings: (() => WorkerSettings) | undefined;
  readonly scores: Pick<ScoreLog, "list">;
  readonly tax: Metrics["tax"];
  readonly log: Logger;
}): Promise<TaxRun> {
  const { engine, settings, scores, tax, log } = parts;
  await rememberLengths(scores, tax);
  let run: { close(): void } | undefined;
  return {
    measure() {
      run?.close();
      if (settings === undefined) return;
      const status = () => engine().status();
      run = startLensShareRun({ settings: settings(), status, onShares: tax.learn, log });
    },
    close: () => run?.close(),
  };
}
