import type { Response } from "express";
import type { Run, RunEnd } from "../engine/engine.ts";
import type { GatewayError } from "../errors.ts";
import { actionOf } from "./ending.ts";
import { logError } from "./error-response.ts";
import type { Operation } from "./observer.ts";
import type { PublicParts } from "./options.ts";
import { requestIdOf } from "./request-id.ts";
import { watchEnd } from "./watched-run.ts";

/** What is known of one request, for the log and the metrics. */
export interface Account {
  /** The request named a model that it may use. */
  admitted(facts: { readonly model: string; readonly policy: string; readonly traceId: string }): void;
  /** Reports the run's end when it comes, also when the client left before. */
  watch(run: Run): Run;
  /** Generated text was handed to the connection. */
  delivered(): void;
  ended(end: RunEnd): void;
  failed(error: GatewayError): void;
}

/** Opens the account of one request; it closes with the response, and then tells the observer and the log. */
export function openAccount(parts: PublicParts, operation: Operation, response: Response): Account {
  const { observer, log, monotonicClock } = parts;
  const startedAt = monotonicClock();
  let facts: { readonly model: string; readonly policy: string; readonly traceId: string } | undefined;
  let firstDeliveryMs: number | null = null;
  let end: RunEnd | undefined;
  let failure: GatewayError | undefined;

  observer.requestStarted();
  response.once("close", () => {
    const durationMs = monotonicClock() - startedAt;
    const gone = failure === undefined && !response.writableFinished;
    const error = gone ? "cancelled" : (failure?.code ?? null);
    observer.requestEnded({ operation, model: facts?.model, durationMs, firstDeliveryMs, error, end });
    if (failure) observer.rejected(failure.code);
    const line = {
      requestId: requestIdOf(response),
      operation,
      ...facts,
      durationMs: Math.round(durationMs),
      ...(end ? describeEnd(end) : {}),
    };
    if (failure) logError(log, failure, line);
    else if (gone) log.info(line, "a client left");
    else if (end?.reason === "abort") log.warn({ ...line, code: "content_filter" }, "a policy stopped a reply");
    else if (line.broken) log.warn(line, "a request was answered past a broken detector");
    else log.info(line, "a request was answered");
  });

  return {
    admitted(known) {
      facts = known;
    },
    watch(run) {
      const { model = "", policy = "" } = facts ?? {};
      return watchEnd(run, (ending) => observer.runEnded({ operation, model, policy, end: ending }));
    },
    delivered() {
      firstDeliveryMs ??= monotonicClock() - startedAt;
    },
    ended(ending) {
      end = ending;
    },
    failed(error) {
      failure = error;
    },
  };
}

/** What the log has of an end: who broke and how, never a message, which may quote text. */
function describeEnd(end: RunEnd) {
  const { decision, promptTokens, releasedTokens, scores } = end;
  const broken = scores.flatMap(({ detector, error }) =>
    error === null ? [] : [`${detector}: ${error.split(":", 1)[0]}`],
  );
  return {
    action: actionOf(end),
    ...(decision.action === "unavailable" && decision.rule !== undefined ? { rule: decision.rule } : {}),
    ...(broken.length > 0 ? { broken } : {}),
    promptTokens,
    releasedTokens,
  };
}
