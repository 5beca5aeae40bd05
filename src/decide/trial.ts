import type { Finding, Phase } from "../detect/finding.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { covers } from "../detect/sides.ts";
import { actionOf, decide } from "./decision.ts";
import { ruleOf, type ActionTaken, type Decision, type Policy } from "./policy.ts";

/** What is asked: a detector or combination that said this at one position. */
export interface TrialQuestion {
  readonly name: string;
  /** The aggregated score, or that the detector broke. */
  readonly said: number | "error";
  readonly phase: Phase;
}

/** What of a detector the answer depends on. */
export type TrialFacts = Pick<LoadedDetector, "threshold" | "abortThreshold" | "positions">;

/** What one policy would do. */
export interface Trial {
  readonly policy: string;
  /** `no_rule`: the policy does not run it; `not_judged`: not at such positions. */
  readonly finding: "no_rule" | "not_judged" | "clear" | "flag" | "abort" | "error";
  readonly decision: Decision;
  /** What is counted; absent where nothing is. */
  readonly action?: ActionTaken;
  /** What the answer leaves out. */
  readonly notes: readonly string[];
}

/** Asks the same `decide` that serves. `facts` are those of the detector; a combination has its own in the policy. */
export function tryFinding(policy: Policy, question: TrialQuestion, facts: TrialFacts | undefined): Trial {
  const { name, phase } = question;
  const known = factsOf(policy, name, facts);
  const nothing = { policy: policy.name, decision: { action: "continue" }, notes: [] } as const;
  if (known === undefined || ruleOf(policy, name) === undefined) return { ...nothing, finding: "no_rule" };
  if (!covers(known.positions, phase)) return { ...nothing, finding: "not_judged" };
  const finding = toFinding(question, known);
  const action = actionOf(policy, finding);
  return {
    policy: policy.name,
    finding: finding.verdict === "fired" ? finding.level : finding.verdict,
    decision: decide(policy, [finding]),
    ...(action === undefined ? {} : { action }),
    notes: notesOn(policy, name),
  };
}

function factsOf(policy: Policy, name: string, facts: TrialFacts | undefined): TrialFacts | undefined {
  const { combine = {}, detectors } = policy;
  const combination = Object.hasOwn(combine, name) ? combine[name] : undefined;
  if (combination) {
    const { threshold, positions = "both" } = combination;
    return { threshold, abortThreshold: threshold, positions };
  }
  const own = Object.hasOwn(detectors, name) ? detectors[name] : undefined;
  return facts && { ...facts, positions: own?.positions ?? facts.positions };
}

function toFinding({ name, said, phase }: TrialQuestion, { threshold, abortThreshold }: TrialFacts): Finding {
  const base = { detector: name, position: 1 };
  if (said === "error") return { ...base, verdict: "error", errorType: "threw", message: "as asked" };
  if (said < threshold) return { ...base, verdict: "clear", score: said };
  const isStrong = said >= abortThreshold;
  return {
    ...base,
    verdict: "fired",
    level: isStrong ? "abort" : "flag",
    score: said,
    raw: said,
    threshold: isStrong ? abortThreshold : threshold,
    phase,
    token: { id: 0, text: "" },
    names: [],
  };
}

function notesOn({ detectors, combine = {} }: Policy, name: string): string[] {
  const confirmer = Object.hasOwn(detectors, name) ? detectors[name]?.confirmWith : undefined;
  const combined = Object.entries(combine).filter(([, { of }]) => of.includes(name));
  return [
    ...(confirmer === undefined ? [] : [`a firing counts only where ${confirmer} confirms it`]),
    ...combined.map(([combination]) => `it is also a member of ${combination}, which judges by itself`),
  ];
}
