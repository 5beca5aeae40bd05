import { actionOf, decide, stricter } from "../decide/decision.ts";
import type { Finding, Phase } from "../detect/finding.ts";
import type { ForwardResult } from "../model/forward.ts";
import { endRun, type ActiveRun } from "./active-run.ts";
import { raiseFlag } from "./evidence.ts";
import type { WorkerParts } from "./worker-parts.ts";

const LIVE_POSITIONS = 64;

/** One position of a forward result: its row, its place in the request, and the token that was read there. */
export interface JudgedRow {
  readonly row: number;
  readonly position: number;
  readonly token: number;
  /** Text that the token completed. */
  readonly text: string;
  readonly result: ForwardResult;
}

/** Judges one position and acts on it: counts, raises flags, ends the run. Flags leave before anything that is released later. */
export async function judgeRow(parts: WorkerParts, run: ActiveRun, judged: JudgedRow): Promise<void> {
  const phase = phaseOf(parts, run, judged);
  if (phase === undefined) return;
  const began = parts.now();
  const { position, token, text, result, row } = judged;
  const reading = (index: number) => parts.reader(result, row, index);
  const beforePromptEnd = position < run.job.request.prompt.length - 1;
  const findings = run.panel.judge({ position, phase, token, text, beforePromptEnd, reading });
  remember(run, judged);
  run.times.judgeMs += parts.now() - began;
  const loud = findings.filter((finding) => finding.verdict !== "clear");
  if (loud.length === 0) return;
  const decision = decide(run.policy, loud);
  run.decision = stricter(run.decision, decision);
  for (const finding of loud) {
    count(run, finding);
    if (finding.verdict === "fired") await raiseFlag(parts, run, { finding, judged });
  }
  if (decision.action === "abort" || decision.action === "unavailable") endRun(parts, run, decision.action);
}

/** Position 0, special tokens, template text and older turns are not judged; the last prompt position always is. */
function phaseOf(parts: WorkerParts, run: ActiveRun, { position, token }: JudgedRow): Phase | undefined {
  const { prompt, judged, promptAs = "prompt" } = run.job.request;
  if (position === 0) return undefined;
  if (position === prompt.length - 1) return "both";
  if (position < prompt.length) return judged[position] === 1 ? promptAs : undefined;
  return parts.isSpecial(token) ? undefined : "generation";
}

function remember(run: ActiveRun, { position, token, text }: JudgedRow): void {
  const entry = { position, token, text, scores: run.panel.lastScores() };
  run.live.push(entry);
  if (run.live.length > LIVE_POSITIONS) run.live.shift();
  if (run.job.request.keepScores) run.every.push(entry);
}

/** Counts what was done about a finding, once for each detector and action. */
function count(run: ActiveRun, finding: Finding): void {
  const action = actionOf(run.policy, finding);
  if (action === undefined || run.actions.some((row) => row.detector === finding.detector && row.action === action))
    return;
  run.actions.push({ detector: finding.detector, action, count: 1 });
}
