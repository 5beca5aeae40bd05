import type { ClearFinding, Finding } from "../detect/finding.ts";
import type { Panel, PanelRule, PanelRun, PanelStep } from "../detect/panel.ts";
import { createRunCounter } from "../detect/run-counter.ts";
import { startCombination, type CombinationRun } from "./combination.ts";
import { detectorsOf, type Policy } from "./policy.ts";

/** How many judged positions back a confirmation still counts. */
export const CONFIRMED_WITHIN = 16;

/** A panel's run under a policy: dear detectors run where cheap ones are warm, and combinations judge like detectors. */
export interface StagedRun extends Omit<PanelRun, "ask"> {
  /** Detectors that fired without being confirmed. */
  unconfirmed(): readonly string[];
}

/**
 * Starts the detectors of a policy, with its confirmations and combinations. What it judges, scores and counts is in the
 * order of `scoredNames`. Throws an `Error` for what is not loaded.
 */
export function startStages(panel: Panel, policy: Policy, now: () => number = () => performance.now()): StagedRun {
  const run = panel.start(panelRules(policy));
  const confirmation = startConfirmation(panel, policy, run);
  const counter = createRunCounter();
  const combinations = Object.entries(policy.combine ?? {}).map(([name, combination]) =>
    startCombination({ name, combination, find: panel.find, count: counter.add, now }),
  );
  return {
    judge(step) {
      const findings = confirmation.confirm(run.judge(step), step);
      if (combinations.length > 0) findings.push(...combine(combinations, findings, step));
      return findings;
    },
    scores: () => [
      ...run.scores().map((score) => ({ ...score, fired: score.fired && confirmation.counts(score.detector) })),
      ...combinations.map((combination) => combination.summary()),
    ],
    runs: () => [...run.runs(), ...counter.rows()],
    lastScores: () => [...run.lastScores(), ...combinations.map((combination) => combination.lastScore())],
    unconfirmed: confirmation.unconfirmed,
  };
}

/** A detector that only confirms judges at whatever positions those judge that ask it. */
function panelRules(policy: Policy): Record<string, PanelRule> {
  return Object.fromEntries(
    detectorsOf(policy).map((id) => {
      const rule = Object.hasOwn(policy.detectors, id) ? policy.detectors[id] : undefined;
      return [id, rule ?? { positions: "both", onDemand: true }];
    }),
  );
}

function combine(combinations: readonly CombinationRun[], findings: readonly Finding[], step: PanelStep): Finding[] {
  return combinations.map((each) => each.judge(step, findings)).filter((finding) => finding !== undefined);
}

interface Confirmation {
  /** The findings that count, errors of asked detectors among them. */
  confirm(findings: Finding[], step: PanelStep): Finding[];
  /** Whether any firing of a detector counted. */
  counts(detector: string): boolean;
  unconfirmed(): readonly string[];
}

interface Pair {
  readonly confirmWith: string;
  readonly warmAt: number;
}

function startConfirmation(panel: Panel, policy: Policy, run: PanelRun): Confirmation {
  const pairs = pairsOf(panel, policy);
  if (pairs.size === 0) return { confirm: (findings) => findings, counts: () => true, unconfirmed: () => [] };
  // By confirming detector: the number of the judged position at which it fired last.
  const firedAt = new Map([...pairs.values()].map(({ confirmWith }) => [confirmWith, -Infinity]));
  const onDemand = new Set([...firedAt.keys()].filter((id) => !Object.hasOwn(policy.detectors, id)));
  const counted = new Set<string>();
  const unconfirmed = new Set<string>();
  let judged = 0;

  function hear(finding: Finding | undefined): void {
    if (finding?.verdict === "fired" && firedAt.has(finding.detector)) firedAt.set(finding.detector, judged);
  }

  /** Asks every dear detector that a warm one calls for; its errors count, its firings only confirm. */
  function ask(findings: readonly Finding[], step: PanelStep): Finding[] {
    const asked = new Set<string>();
    for (const finding of findings) {
      const pair = pairs.get(finding.detector);
      if (!pair || finding.verdict === "error" || finding.score < pair.warmAt) continue;
      if (onDemand.has(pair.confirmWith)) asked.add(pair.confirmWith);
    }
    const answers = [...asked].map((id) => run.ask(id, step));
    answers.forEach(hear);
    return answers.filter((answer) => answer?.verdict === "error");
  }

  function settle(finding: Finding): Finding {
    const pair = finding.verdict === "fired" ? pairs.get(finding.detector) : undefined;
    if (!pair || finding.verdict !== "fired") return finding;
    if (judged - (firedAt.get(pair.confirmWith) ?? -Infinity) <= CONFIRMED_WITHIN) {
      counted.add(finding.detector);
      return finding;
    }
    unconfirmed.add(finding.detector);
    return toClear(finding);
  }

  return {
    confirm(findings, step) {
      judged += 1;
      findings.forEach(hear);
      const errors = ask(findings, step);
      return [...findings.map(settle), ...errors];
    },
    counts: (detector) => !pairs.has(detector) || counted.has(detector),
    unconfirmed: () => [...unconfirmed],
  };
}

function pairsOf(panel: Panel, policy: Policy): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const [id, { confirmWith, warmAt }] of Object.entries(policy.detectors)) {
    if (confirmWith === undefined) continue;
    pairs.set(id, { confirmWith, warmAt: warmAt ?? panel.find(id)?.threshold ?? -Infinity });
  }
  return pairs;
}

function toClear({ detector, position, score }: Finding & { readonly verdict: "fired" }): ClearFinding {
  return { verdict: "clear", detector, position, score };
}
