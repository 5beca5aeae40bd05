/** What a rule may be loosened to for a while, the looser one last: `monitor` stops nothing, `observe` only counts. */
export const OVERRIDE_MODES = ["monitor", "observe"] as const;
export type OverrideMode = (typeof OVERRIDE_MODES)[number];

/** What a fired finding leads to, from mild to strict. */
export const ACTIONS = ["observe", "flag", "abort"] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * What was done about a finding: monitor mode turns `abort` into `would_abort`; `bypassed` is an error that policy let pass,
 * `unconfirmed` a firing that the confirming detector did not share.
 */
export type ActionTaken = Action | "would_abort" | "bypassed" | "unconfirmed";

/** One detector under one policy. */
export interface DetectorRule {
  readonly action: Action;
  /** Which positions count; the definition's own when absent. */
  readonly positions?: "prompt" | "generation" | "both";
  /** What a broken detector does: `closed` ends the request with `oversight_unavailable`, `open` lets it pass and counts it. */
  readonly onError: "closed" | "open";
  /** A dearer detector without which a firing does not count. It judges only where this one is warm, unless it has a rule itself. */
  readonly confirmWith?: string;
  /** The aggregated score from which the confirming detector is asked; the threshold for flags when absent. */
  readonly warmAt?: number;
}

/** How the members of a combination become one score. */
export const COMBINATION_RULES = ["any", "all", "weighted", "likelihood_ratio"] as const;
export type CombinationRule = (typeof COMBINATION_RULES)[number];

/** Several detectors that act like one more, under the combination's own name. */
export interface Combination {
  /** Detectors that have a rule in the same policy. */
  readonly of: readonly string[];
  readonly rule: CombinationRule;
  /** For `any` and `all`: how many judged positions a firing counts, its own included. */
  readonly withinTokens: number;
  /** For `weighted`: one for each member. */
  readonly weights?: Readonly<Record<string, number>>;
  /** It fires where its score is at least this: `any` needs 1 firing member, `all` every one. */
  readonly threshold: number;
  readonly action: Action;
  /** Which positions count; all that are judged when absent. */
  readonly positions?: "prompt" | "generation" | "both";
}

/** A named policy of `gateway.yaml`, checked and frozen. Structured-clonable. */
export interface Policy {
  readonly name: string;
  readonly mode: "enforce" | "monitor";
  /** How many steps a token waits before it leaves: 0, 1 (default) or a look-back window. */
  readonly holdTokens: number;
  /** How an abort looks to the client: a finished reply with `content_filter`, or an error. */
  readonly onAbort: "finish" | "error";
  /** `new` judges the prompt from the end of the last assistant turn, `all` the whole history. */
  readonly promptScope: "new" | "all";
  readonly detectors: Readonly<Record<string, DetectorRule>>;
  /** How many tokens a re-read may go on where the policy stopped a reply, for reviewers only; none when absent. */
  readonly continuationTokens?: number;
  /** By name; none of them is the id of a detector. */
  readonly combine?: Readonly<Record<string, Combination>>;
  /** Detectors and combinations that somebody has loosened for a while; never in a configuration. */
  readonly loosened?: Readonly<Record<string, OverrideMode>>;
}

/** To what a detector or a combination is loosened; undefined where its rule stands. */
export function loosenedTo({ loosened = {} }: Policy, name: string): OverrideMode | undefined {
  return Object.hasOwn(loosened, name) ? loosened[name] : undefined;
}

/** Every detector that a policy may run: those with a rule, in their order, then those that only confirm. */
export function detectorsOf({ detectors }: Pick<Policy, "detectors">): string[] {
  const confirming = Object.values(detectors).flatMap(({ confirmWith }) => confirmWith ?? []);
  return [...new Set([...Object.keys(detectors), ...confirming])];
}

/** Everything that has a score under a policy: its detectors, then its combinations. */
export function scoredNames(policy: Pick<Policy, "detectors" | "combine">): string[] {
  return [...detectorsOf(policy), ...Object.keys(policy.combine ?? {})];
}

/** Everything that has a score under any of the policies, each name once. */
export function everyScoredName(policies: Readonly<Record<string, Pick<Policy, "detectors" | "combine">>>): string[] {
  return [...new Set(Object.values(policies).flatMap(scoredNames))];
}

/** The detectors that a name stands for: the members of a combination, else the detector itself. */
export function membersOf({ combine = {} }: Pick<Policy, "combine">, name: string): readonly string[] {
  return Object.hasOwn(combine, name) ? (combine[name]?.of ?? []) : [name];
}

/** What a policy says of a detector or a combination; undefined where it says nothing. */
export function ruleOf(policy: Policy, name: string): Pick<DetectorRule, "action" | "onError"> | undefined {
  const { detectors, combine = {} } = policy;
  const combination = Object.hasOwn(combine, name) ? combine[name] : undefined;
  if (combination) return { action: combination.action, onError: "closed" };
  // An error of what confirms is an error of every pair that it belongs to.
  const pairs = Object.values(detectors).filter(({ confirmWith }) => confirmWith === name);
  const own = Object.hasOwn(detectors, name) ? detectors[name] : undefined;
  if (!own && pairs.length === 0) return undefined;
  const isClosed = [...(own ? [own] : []), ...pairs].some(({ onError }) => onError === "closed");
  return { action: own?.action ?? "observe", onError: isClosed ? "closed" : "open" };
}

/** What is done after a step, and which rule said so. */
export interface Decision {
  readonly action: "continue" | "observe" | "flag" | "would_abort" | "abort" | "unavailable";
  /** The detector whose finding decided; absent for `continue`. */
  readonly detector?: string;
  /** Like `demo.country-channel: abort`. */
  readonly rule?: string;
}
