import type { CaseExpectation, DetectorCase } from "../detect/cases.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { startCase } from "../engine/case-request.ts";
import { runToEnd, type WholeRun } from "../engine/run-to-end.ts";
import type { CommandEngine } from "./command-engine.ts";

/** Runs a case on the real model, greedy; what is wrong with the outcome, a line each, none when it holds. */
export async function runCase(
  command: CommandEngine,
  detector: LoadedDetector,
  entry: DetectorCase,
): Promise<string[]> {
  const { engine, model, policy } = command;
  const request = { id: `case-${detector.id}-${entry.line}`, policy, deadlineMs: 600_000 };
  const run = startCase({ engine, prompts: model.prompts }, entry, request);
  return findFaults(detector, entry.expect, await runToEnd(run));
}

/** Holds what a run told about one detector against what is expected of it. */
export function findFaults(
  { id, threshold }: Pick<LoadedDetector, "id" | "threshold">,
  expect: CaseExpectation,
  whole: WholeRun,
): string[] {
  const { end } = whole;
  const score = end.scores.find((each) => each.detector === id);
  if (!score || score.error !== null || score.score === null) {
    return [`no score: ${score?.error ?? "no position was judged"}`];
  }
  // A run that was cut short has judged less than the case asks for.
  if (end.reason !== "stop" && end.reason !== "length") return [`the run did not end by itself: ${end.reason}`];
  const shown = `largest score ${score.score.toFixed(3)} at position ${score.position}, threshold ${threshold}`;
  if (!expect.fires) {
    return score.score <= threshold - expect.margin ? [] : [`${shown}: must stay ${expect.margin} below it`];
  }
  const faults = score.score >= threshold + expect.margin ? [] : [`${shown}: must pass it by ${expect.margin}`];
  const firing = whole.flags.find(({ finding }) => finding.detector === id);
  if (firing?.finding.verdict !== "fired") return faults.length > 0 ? faults : [`${shown}: it did not fire`];
  const name = firing.finding.names[0]?.name;
  if (expect.names !== undefined && name !== expect.names) {
    faults.push(`it names ${name ?? "nothing"}, not ${expect.names}`);
  }
  if (expect.by !== undefined)
    faults.push(...findDelay(expect.by, joinTexts(firing.generated), joinTexts(end.generated)));
  return faults;
}

function findDelay(by: string, before: string, reply: string): string[] {
  const at = reply.indexOf(by);
  if (at < 0) return [`the reply never says ${JSON.stringify(by)}: ${JSON.stringify(reply)}`];
  return before.length > at ? [`it fired after ${JSON.stringify(before)}, not before ${JSON.stringify(by)}`] : [];
}

function joinTexts(tokens: readonly { readonly text: string }[]): string {
  return tokens.map(({ text }) => text).join("");
}
