import { isDeepStrictEqual } from "node:util";
import {
  ACTIONS,
  type Action,
  type Combination,
  type CombinationRule,
  type DetectorRule,
  type Policy,
} from "./policy.ts";

type Positions = "prompt" | "generation" | "both";

/** Each detector's own positions, by id: what a rule without positions means. */
export type OwnPositions = Readonly<Record<string, Positions>>;

/**
 * Whether a request that runs under `candidate` loses nothing that `base` would have done. Every detector and combination of
 * the base is there with an action, an error rule and positions at least as strict; mode, hold and prompt scope are too. A
 * firing that must be confirmed is weaker than one that need not. `onAbort` says how an abort looks, not whether it happens, so
 * it is free. Where positions are unknown, or which of two is stricter depends on the text, the answer is no.
 */
export function isAtLeastAsStrict(candidate: Policy, base: Policy, own: OwnPositions = {}): boolean {
  return (
    (base.mode === "monitor" || candidate.mode === "enforce") &&
    candidate.holdTokens >= base.holdTokens &&
    (base.promptScope === "new" || candidate.promptScope === "all") &&
    Object.entries(candidate.loosened ?? {}).every(([name, mode]) => base.loosened?.[name] === mode) &&
    Object.entries(base.detectors).every(([id, rule]) => {
      const stricter = find(candidate.detectors, id);
      return (
        stricter !== undefined &&
        isRuleAtLeastAsStrict(stricter, rule, own[id]) &&
        isAsReadilyConfirmed(candidate, base, id)
      );
    }) &&
    Object.entries(base.combine ?? {}).every(([name, combination]) => {
      const stricter = find(candidate.combine ?? {}, name);
      return (
        stricter !== undefined &&
        isCombinationAtLeastAsStrict(stricter, combination) &&
        combination.of.every((id) => hearsAsMuch(candidate, base, { id, own: own[id], rule: combination.rule }))
      );
    })
  );
}

function find<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function isRuleAtLeastAsStrict(candidate: DetectorRule, base: DetectorRule, own: Positions | undefined): boolean {
  if (!isActionAtLeast(candidate.action, base.action)) return false;
  if (base.onError === "closed" && candidate.onError === "open") return false;
  // Observing acts on nothing, so it may give way to an action on fewer positions.
  if (base.action === "observe" && candidate.action !== "observe") return true;
  return coversRule(candidate, base, own);
}

function isActionAtLeast(candidate: Action, base: Action): boolean {
  return ACTIONS.indexOf(candidate) >= ACTIONS.indexOf(base);
}

function coversRule(candidate: DetectorRule, base: DetectorRule, own: Positions | undefined): boolean {
  return covers(candidate.positions ?? own, base.positions ?? own) || candidate.positions === base.positions;
}

function covers(candidate: Positions | undefined, base: Positions | undefined): boolean {
  return candidate === "both" || (candidate !== undefined && candidate === base);
}

/**
 * A firing counts without confirmation, or is confirmed by the same detector under the very same conditions: what that one says
 * depends on the positions at which it was asked before.
 */
function isAsReadilyConfirmed(candidate: Policy, base: Policy, id: string): boolean {
  const confirming = find(candidate.detectors, id)?.confirmWith;
  if (confirming === undefined) return true;
  if (find(base.detectors, id)?.confirmWith !== confirming) return false;
  return isDeepStrictEqual(askingFor(candidate, confirming), askingFor(base, confirming));
}

/** Everything that decides where a confirming detector is asked. */
function askingFor({ detectors }: Policy, confirming: string) {
  const asking = Object.entries(detectors).filter(([, { confirmWith }]) => confirmWith === confirming);
  const conditions = asking.map(([id, { warmAt, positions }]) => ({ id, warmAt, positions }));
  return {
    asked: conditions.sort((left, right) => (left.id < right.id ? -1 : 1)),
    // With a rule of its own it judges everywhere.
    always: Object.hasOwn(detectors, confirming) ? { positions: detectors[confirming]?.positions } : undefined,
  };
}

interface Member {
  readonly id: string;
  readonly own: Positions | undefined;
  readonly rule: CombinationRule;
}

/** Whether a member of a combination says at least as much: an action on fewer positions would not do. */
function hearsAsMuch(candidate: Policy, base: Policy, { id, own, rule }: Member): boolean {
  const [stricter, given] = [find(candidate.detectors, id), find(base.detectors, id)];
  if (stricter === undefined || given === undefined) return false;
  // A firing more is never a loss where firings are counted; a sum of scores may fall with what more is heard.
  if (rule === "any" || rule === "all") return coversRule(stricter, given, own);
  return (stricter.positions ?? own) === (given.positions ?? own);
}

function isCombinationAtLeastAsStrict(candidate: Combination, base: Combination): boolean {
  return (
    candidate.rule === base.rule &&
    isActionAtLeast(candidate.action, base.action) &&
    covers(candidate.positions ?? "both", base.positions ?? "both") &&
    candidate.withinTokens >= base.withinTokens &&
    firesAsReadily(candidate, base)
  );
}

function firesAsReadily(candidate: Combination, base: Combination): boolean {
  const has = (other: Combination) => (id: string) => other.of.includes(id);
  switch (base.rule) {
    case "any":
      return base.of.every(has(candidate));
    case "all":
      return candidate.of.every(has(base));
    case "weighted":
    case "likelihood_ratio":
      return (
        candidate.threshold <= base.threshold &&
        isDeepStrictEqual(candidate.of.toSorted(), base.of.toSorted()) &&
        isDeepStrictEqual(candidate.weights, base.weights)
      );
  }
}
