import type { AuthDecision, RequestOutcome, RunReport, ServingObserver } from "../../src/http/observer.ts";
import type { Logger } from "../../src/log.ts";

/** What an observer was told, in order. */
export function notingObserver() {
  const outcomes: RequestOutcome[] = [];
  const runs: RunReport[] = [];
  const decisions: AuthDecision[] = [];
  const rejections: string[] = [];
  let started = 0;
  const observer: ServingObserver = {
    requestStarted: () => void (started += 1),
    requestEnded: (outcome) => void outcomes.push(outcome),
    runEnded: (report) => void runs.push(report),
    authDecided: (decision) => void decisions.push(decision),
    rejected: (reason) => void rejections.push(reason),
  };
  return { observer, outcomes, runs, decisions, rejections, started: () => started };
}

/** A logger that keeps its lines with their level. */
export function notingLog() {
  const lines: Record<string, unknown>[] = [];
  const at = (level: string) =>
    ((fields: object, message: string) => void lines.push({ level, message, ...fields })) as Logger["info"];
  const log: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { log, lines };
}
