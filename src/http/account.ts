import type { Response } from "express";
import type { Run, RunEnd } from "../engine/engine.ts";
import type { GatewayError } from "../errors.ts";
import { noteAccess } from "./access-log.ts";
import type { Operation } from "./observer.ts";
import type { PublicParts } from "./options.ts";
import { watchEnd } from "./watched-run.ts";

/** What is known of one request, for the log and the metrics. */
export interface Account {
  /** The caller is known; `keyId` is undefined where there are no keys. */
  called(keyId: string | undefined): void;
  /** The request named a model that it may use. */
  admitted(facts: { readonly model: string; readonly policy: string; readonly traceId: string }): void;
  /** Reports the run's end when it comes, also when the client left before. */
  watch(run: Run): Run;
  /** Generated text was handed to the connection. */
  delivered(): void;
  ended(end: RunEnd): void;
  failed(error: GatewayError): void;
}

/** Opens the account of one request; it closes with the response, and then tells the observer. The log is told as things come. */
export function openAccount(parts: PublicParts, operation: Operation, response: Response): Account {
  const { observer, monotonicClock } = parts;
  const startedAt = monotonicClock();
  let facts: { readonly model: string; readonly policy: string; readonly traceId: string } | undefined;
  let firstDeliveryMs: number | null = null;
  let end: RunEnd | undefined;
  let failure: GatewayError | undefined;

  observer.requestStarted();
  noteAccess(response, { operation });
  response.once("close", () => {
    const durationMs = monotonicClock() - startedAt;
    const gone = failure === undefined && !response.writableFinished;
    const error = gone ? "cancelled" : (failure?.code ?? null);
    observer.requestEnded({ operation, model: facts?.model, durationMs, firstDeliveryMs, error, end });
    if (failure) observer.rejected(failure.code);
  });

  return {
    called(keyId) {
      if (keyId !== undefined) noteAccess(response, { keyId });
    },
    admitted(known) {
      facts = known;
      noteAccess(response, known);
    },
    watch(run) {
      const { model = "", policy = "" } = facts ?? {};
      return watchEnd(run, (ending) => observer.runEnded({ operation, model, policy, end: ending }));
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
