import type { Response } from "express";
import type { Run, RunEnd } from "../engine/engine.ts";
import type { GatewayError } from "../errors.ts";
import type { TraceHead } from "../trace/trace.ts";
import { noteAccess } from "./access-log.ts";
import type { Operation } from "./observer.ts";
import type { PublicParts } from "./options.ts";
import { requestIdOf } from "./request-id.ts";
import { watchRun } from "./watched-run.ts";

/** What is known of one request, for the log and the metrics. */
export interface Account {
  /** The caller is known; `keyId` is undefined where there are no keys. */
  called(keyId: string | undefined): void;
  /** The request named a model that it may use. */
  admitted(head: TraceHead, promptTokens: number): void;
  /** The run has started. Reports what it tells, also when the client left before. */
  watch(run: Run): Run;
  /** Generated text was handed to the connection. */
  delivered(): void;
  ended(end: RunEnd): void;
  failed(error: GatewayError): void;
}

/** Opens the account of one request; it closes with the response, and then tells the observer. The log is told as things come. */
export function openAccount(parts: PublicParts, operation: Operation, response: Response): Account {
  const { observer, live, monotonicClock } = parts;
  const startedAt = monotonicClock();
  let admitted: Omit<RunFacts, "operation"> | undefined;
  let caller: string | undefined;
  let hasRun = false;
  let firstDeliveryMs: number | null = null;
  let end: RunEnd | undefined;
  let failure: GatewayError | undefined;

  observer.requestStarted();
  noteAccess(response, { operation });
  response.once("close", () => {
    const durationMs = monotonicClock() - startedAt;
    const gone = failure === undefined && !response.writableFinished;
    const error = gone ? "cancelled" : (failure?.code ?? null);
    const model = admitted?.head.model.name;
    observer.requestEnded({ operation, model, durationMs, firstDeliveryMs, error, end });
    if (failure) observer.rejected(failure.code);
    if (failure && !hasRun)
      live.refused({ requestId: requestIdOf(response), operation, keyId: caller ?? null, code: failure.code });
  });

  return {
    called(keyId) {
      caller = keyId;
      if (keyId !== undefined) noteAccess(response, { keyId });
    },
    admitted(head, promptTokens) {
      admitted = { head, promptTokens };
      noteAccess(response, { model: head.model.name, policy: head.policy, traceId: head.id });
    },
    watch(run) {
      if (admitted === undefined) return run;
      hasRun = true;
      return reportRun(parts, run, { operation, ...admitted });
    },
    delivered() {
      if (firstDeliveryMs !== null) return;
      firstDeliveryMs = monotonicClock() - startedAt;
      noteAccess(response, { firstDeliveryMs });
    },
    ended(ending) {
      end = ending;
      noteAccess(response, { end: ending });
    },
    failed(error) {
      failure = error;
      noteAccess(response, { error });
    },
  };
}

interface RunFacts {
  readonly operation: Operation;
  readonly head: TraceHead;
  readonly promptTokens: number;
}

/** Tells watchers what a run does, and the observer its end. */
function reportRun({ live, observer }: PublicParts, run: Run, { operation, head, promptTokens }: RunFacts): Run {
  const { id: traceId, requestId, policy, mode, keyId } = head;
  const model = head.model.name;
  live.started({ traceId, requestId, operation, model, policy, mode, keyId, promptTokens });
  return watchRun(run, {
    see(event) {
      if (event.type === "run-ended")
        observer.runEnded({ operation, model, policy, maxTokens: head.maxTokens ?? 0, end: event });
      live.saw(traceId, event);
    },
    broke: () => live.broke(traceId),
  });
}
