import { ACTIONS, type DetectorRule, type Policy } from "./policy.ts";

type Positions = "prompt" | "generation" | "both";

/** Each detector's own positions, by id: what a rule without positions means. */
export type OwnPositions = Readonly<Record<string, Positions>>;

/**
 * Whether a request that runs under `candidate` loses nothing that `base` would have done. Every detector of the base is
 * there with an action, an error rule and positions at least as strict; mode, hold and prompt scope are too. `onAbort`
 * says how an abort looks, not whether it happens, so it is free. Where positions are unknown the answer is no.
 */
export function isAtLeastAsStrict(candidate: Policy, base: Policy, own: OwnPositions = {}): boolean {
  return (
    (base.mode === "monitor" || candidate.mode === "enforce") &&
    candidate.holdTokens >= base.holdTokens &&
    (base.promptScope === "new" || candidate.promptScope === "all") &&
    Object.entries(base.detectors).every(([id, rule]) => {
      const stricter = Object.hasOwn(candidate.detectors, id) ? candidate.detectors[id] : undefined;
      return stricter !== undefined && isRuleAtLeastAsStrict(stricter, rule, own[id]);
    })
  );
}

function isRuleAtLeastAsStrict(candidate: DetectorRule, base: DetectorRule, own: Positions | undefined): boolean {
  const [rank, baseRank] = [ACTIONS.indexOf(candidate.action), ACTIONS.indexOf(base.action)];
  if (rank < baseRank || (base.onError === "closed" && candidate.onError === "open")) return false;
  // Observing acts on nothing, so it may give way to an action on fewer positions.
  if (base.action === "observe" && rank > baseRank) return true;
  return covers(candidate.positions ?? own, base.positions ?? own) || candidate.positions === base.positions;
}

function covers(candidate: Positions | undefined, base: Positions | undefined): boolean {
  return candidate === "both" || (candidate !== undefined && candidate === base);
}
