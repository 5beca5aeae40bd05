import type { WorkerEngine } from "../engine/worker-engine.ts";
import { startLensShareRun } from "../engine/lens-share-run.ts";
import type { WorkerSettings } from "../engine/messages.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { followConfirmedAborts } from "../metrics/confirmed-aborts.ts";
import type { ConfirmedAbort } from "../metrics/tax.ts";
import { isFlood, type ReviewItem } from "../queue/queue.ts";
import type { Outbox } from "../trace/outbox.ts";
import type { DecisionStore, ScoreLog, TraceStore } from "../trace/stores.ts";

/** Replies of earlier processes that the estimate begins with. */
const REMEMBERED = 5_000;

/** Where confirmed aborts are read. Traces and outbox are the gateway's own, so that of several gateways one counts each. */
export interface ConfirmedParts {
  readonly traces: Pick<TraceStore, "get">;
  readonly outbox: Pick<Outbox, "find" | "belonging">;
  readonly decisions: Pick<DecisionStore, "page" | "list">;
}

/** Aborts of this gateway that a person confirmed from now on: of the trace that was judged, and of those that had joined its item because they are alike. */
export function openConfirmedAborts(
  { traces, outbox, decisions }: ConfirmedParts,
  clock: () => number = Date.now,
): () => Promise<ConfirmedAbort[]> {
  async function abortOf(traceId: string): Promise<ConfirmedAbort[]> {
    const { head, end } = (await traces.get(traceId)) ?? {};
    if (end?.reason !== "abort" || head?.maxTokens === undefined) return [];
    return [{ maxTokens: head.maxTokens, generatedTokens: end.generated.length }];
  }
  const isAlike = (traceId: string): boolean => {
    const row = outbox.find("item", traceId);
    return row !== undefined && !isFlood(JSON.parse(row.body) as ReviewItem);
  };
  return followConfirmedAborts({
    decisions,
    since: clock(),
    async abortsOf(itemId) {
      const others = outbox.belonging(itemId).filter((id) => id !== itemId && isAlike(id));
      return (await Promise.all([itemId, ...others].map(abortOf))).flat();
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
