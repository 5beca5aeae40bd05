import type { RunEnd } from "../engine/engine.ts";
import { ERRORS } from "../errors.ts";
import type { RequestOutcome, RunReport, ServingObserver } from "../http/observer.ts";
import { callLabels, UNRESOLVED_MODEL, type Labels } from "./label-sets.ts";
import type { SeriesKey } from "./series.ts";

/** Adds to one series: a value to a histogram, an amount to a counter or a gauge. */
export type AddTo = (series: SeriesKey, labels: Labels, amount: number) => void;

/** Turns what serving tells into series. `models` are the names that may stand in a label. */
export function createServingMetrics(add: AddTo, models: readonly string[]): ServingObserver {
  return {
    requestStarted: () => add("inFlight", {}, 1),
    requestEnded(outcome) {
      add("inFlight", {}, -1);
      const model = outcome.model !== undefined && models.includes(outcome.model) ? outcome.model : UNRESOLVED_MODEL;
      const labels = callLabels(outcome.operation, model);
      add("requestDuration", { ...labels, error_type: errorTypeOf(outcome.error) }, outcome.durationMs / 1000);
      if (outcome.firstDeliveryMs !== null) add("firstDelivery", labels, outcome.firstDeliveryMs / 1000);
      if (outcome.error === "cancelled") add("clientCancelled", {}, 1);
    },
    runEnded(report) {
      addTimes(add, report);
      addRun(add, report);
      addFindings(add, report);
    },
    authDecided: ({ result, reason }) => add("authDecisions", { result, reason }, 1),
    rejected: (reason) => add("rejections", { reason }, 1),
  };
}

function errorTypeOf(error: RequestOutcome["error"]): string {
  if (error === null) return "";
  return error === "cancelled" ? error : `${Math.floor(ERRORS[error].status / 100)}xx`;
}

function addTimes(add: AddTo, { operation, model, end }: RunReport): void {
  const labels = callLabels(operation, model);
  const { waitMs, prefillMs, decodeMs, firstTokenMs } = end.timing;
  add("tokenUsage", { ...labels, gen_ai_token_type: "input" }, end.promptTokens);
  add("tokenUsage", { ...labels, gen_ai_token_type: "output" }, end.releasedTokens);
  if (firstTokenMs === null) return;
  add("firstToken", labels, firstTokenMs / 1000);
  const later = end.generated.length - 1;
  if (later < 1) return;
  const restMs = waitMs + prefillMs + decodeMs - firstTokenMs;
  add("timePerOutputToken", labels, Math.max(0, restMs) / 1000 / later);
}

function addRun(add: AddTo, { policy, end }: RunReport): void {
  const { waitMs, prefillMs, decodeMs, passMs } = end.timing;
  add("runs", { policy, reason: end.reason }, 1);
  add("runPhase", { phase: "wait" }, waitMs / 1000);
  // What never got a slot read nothing.
  if (prefillMs > 0) add("runPhase", { phase: "prefill" }, prefillMs / 1000);
  if (end.generated.length > 0) add("runPhase", { phase: "decode" }, decodeMs / 1000);
  add("generatedTokens", {}, end.generated.length);
  add("passSeconds", { phase: "prefill" }, (passMs?.prefill ?? 0) / 1000);
  add("passSeconds", { phase: "decode" }, (passMs?.decode ?? 0) / 1000);
}

function addFindings(add: AddTo, { policy, end }: RunReport): void {
  for (const { detector, phase, verdict, errorType, count, seconds } of end.runs) {
    const labels = { detector, phase, verdict, error_type: errorType };
    for (let run = 0; run < count; run += 1) add("detectorDuration", labels, seconds / count);
  }
  for (const { detector, action, count } of end.actions) {
    add("decisions", { detector, action }, count);
    if (action === "bypassed") addFailOpen(add, detector, end);
  }
  for (const { detector, score } of end.scores) if (score !== null) add("score", { detector }, score);
  const { detector } = end.decision;
  if (end.reason !== "abort" || detector === undefined) return;
  add("aborts", { detector, policy }, 1);
  add("tokensBeforeAbort", {}, end.releasedTokens);
}

// The policy's rule is one for the whole run, so every error of the detector was let pass.
function addFailOpen(add: AddTo, detector: string, { runs }: RunEnd): void {
  for (const run of runs) {
    if (run.detector === detector && run.verdict === "error")
      add("failOpen", { detector, reason: run.errorType }, run.count);
  }
}
