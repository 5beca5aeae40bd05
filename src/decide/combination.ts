import { createHash } from "node:crypto";
import { canonicalJson } from "../detect/canonical-json.ts";
import type { DetectorScore, Finding, NamedShare } from "../detect/finding.ts";
import type { Step } from "../detect/kinds/kind.ts";
import { logRatioAt, type Likelihood } from "../detect/likelihood.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import type { RunSample } from "../detect/run-counter.ts";
import { covers, sideOf } from "../detect/sides.ts";
import type { Combination } from "./policy.ts";

/** One combination at work on one request. */
export interface CombinationRun {
  /** Takes what the detectors said at a judged position; undefined where the combination has nothing to say. */
  judge(step: Step, findings: readonly Finding[]): Finding | undefined;
  /** Its score at the last judged position; null: not judged there. */
  lastScore(): number | null;
  summary(): DetectorScore;
}

/** What a combination is made of. */
export interface CombinationOptions {
  readonly name: string;
  readonly combination: Combination;
  /** Detector of each member. */
  readonly find: (id: string) => LoadedDetector | undefined;
  readonly count: (sample: RunSample) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Member {
  readonly id: string;
  readonly weight: number;
  readonly likelihood: Likelihood | undefined;
  /** Aggregated score where it judged last. */
  score: number | undefined;
  /** Number of the judged position at which it fired last. */
  firedAt: number;
  broken: boolean;
}

/** Starts a combination. Throws an `Error` for a member that is not loaded, or that is weighed without a likelihood. */
export function startCombination(options: CombinationOptions): CombinationRun {
  const { name, combination, now } = options;
  const positions = combination.positions ?? "both";
  const members = combination.of.map((id) => startMember(id, options));
  const byId = new Map(members.map((member) => [member.id, member]));
  const summary = { ...emptySummary(options) };
  let judged = 0;
  let last: number | null = null;

  function note(findings: readonly Finding[]): void {
    judged += 1;
    for (const finding of findings) {
      const member = byId.get(finding.detector);
      if (!member) continue;
      if (finding.verdict === "error") member.broken = true;
      else member.score = finding.score;
      if (finding.verdict === "fired") member.firedAt = judged;
    }
  }

  function compare(step: Step): Finding | undefined {
    // What policy let break is left out; the request ended where it did not.
    const live = members.filter(({ broken }) => !broken);
    const parts = addends(live, { combination, judged });
    if (parts === undefined) return undefined;
    const score = parts.reduce((sum, part) => sum + part, 0);
    const threshold = combination.rule === "all" ? live.length : combination.threshold;
    return toFinding({ name, combination, step, score, threshold, live, parts });
  }

  return {
    judge(step, findings) {
      const beganMs = now();
      note(findings);
      last = null;
      if (summary.error !== null || !covers(positions, step.phase)) return undefined;
      const finding = compare(step);
      if (finding === undefined) return undefined;
      if (finding.verdict !== "error") last = finding.score;
      summarise(summary, finding);
      const errorType = finding.verdict === "error" ? finding.errorType : "";
      const seconds = (now() - beganMs) / 1000;
      const phase = sideOf(step.phase, positions);
      options.count({ detector: name, phase, verdict: finding.verdict, errorType, seconds });
      return finding;
    },
    lastScore: () => last,
    summary: () => ({ ...summary }),
  };
}

function startMember(id: string, { name, combination, find }: CombinationOptions): Member {
  const detector = find(id);
  if (!detector) throw new Error(`the combination ${name} is of the detector ${id}, which is not loaded`);
  const { calibration } = detector;
  const likelihood = calibration.status === "calibrated" ? calibration.likelihood : undefined;
  if (combination.rule === "likelihood_ratio" && !likelihood) {
    throw new Error(`the combination ${name} weighs the detector ${id}, which has no calibration.likelihood`);
  }
  const weight = combination.weights?.[id] ?? 0;
  return { id, weight, likelihood, score: undefined, firedAt: -Infinity, broken: false };
}

/** What each member adds to the score; undefined while there is nothing to say. */
function addends(
  live: readonly Member[],
  { combination, judged }: { combination: Combination; judged: number },
): number[] | undefined {
  if (live.every(({ score }) => score === undefined)) return undefined;
  switch (combination.rule) {
    case "any":
    case "all":
      return live.map(({ firedAt }) => (judged - firedAt < combination.withinTokens ? 1 : 0));
    case "weighted":
      // A member that was not heard yet is unknown, which is not 0.
      if (live.some(({ score }) => score === undefined)) return undefined;
      return live.map(({ weight, score = 0 }) => weight * score);
    case "likelihood_ratio":
      // A member that was not heard yet speaks neither for nor against.
      return live.map(({ likelihood, score }) =>
        likelihood && score !== undefined ? logRatioAt(likelihood, score) : 0,
      );
  }
}

interface Outcome {
  readonly name: string;
  readonly combination: Combination;
  readonly step: Step;
  readonly score: number;
  readonly threshold: number;
  /** `parts[n]` is what `live[n]` adds. */
  readonly live: readonly Member[];
  readonly parts: readonly number[];
}

function toFinding({ name, combination, step, score, threshold, live, parts }: Outcome): Finding {
  const { position, phase } = step;
  if (!Number.isFinite(score)) {
    const message = `the score is ${score}`;
    return { verdict: "error", detector: name, position, errorType: "not_finite", message };
  }
  if (score < threshold) return { verdict: "clear", detector: name, position, score };
  return {
    verdict: "fired",
    level: "abort",
    detector: name,
    position,
    score,
    raw: score,
    threshold,
    ...(combination.rule === "likelihood_ratio" ? { logRatio: score } : {}),
    phase,
    token: { id: step.token, text: step.text },
    names: sharesOf(live, parts),
  };
}

/** The members that speak for it, the strongest first. */
function sharesOf(live: readonly Member[], parts: readonly number[]): NamedShare[] {
  const total = parts.reduce((sum, part) => sum + Math.max(0, part), 0);
  return live
    .map(({ id }, index) => ({ name: id, share: Math.max(0, parts[index] ?? 0) / total }))
    .filter(({ share }) => share > 0)
    .sort((left, right) => right.share - left.share);
}

type Summary = { -readonly [Key in keyof DetectorScore]: DetectorScore[Key] };

function emptySummary({ name, combination, find }: CombinationOptions): Summary {
  const members = combination.of.map((id) => {
    const { hash, calibration } = find(id) ?? {};
    return { hash, calibration: combination.rule === "likelihood_ratio" ? calibration : undefined };
  });
  const core = canonicalJson({ name, combination, members });
  const hash = createHash("sha256").update(core).digest("hex").slice(0, 16);
  return { detector: name, hash, score: null, position: null, tap: null, fired: false, error: null };
}

function summarise(summary: Summary, finding: Finding): void {
  if (finding.verdict === "error") {
    summary.error = `${finding.errorType}: ${finding.message}`;
    return;
  }
  summary.fired ||= finding.verdict === "fired";
  if (summary.score !== null && finding.score <= summary.score) return;
  summary.score = finding.score;
  summary.position = finding.position;
}
