import type { Finding } from "../detect/finding.ts";
import type { ActionTaken, Decision, Policy } from "./policy.ts";

// From mild to strict.
const STRICTNESS = ["continue", "observe", "flag", "would_abort", "abort", "unavailable"] as const;

/** What is done after a step: the strictest of what the findings ask for, the first one where several ask the same. */
export function decide(policy: Policy, findings: readonly Finding[]): Decision {
  return findings.map((finding) => decideOne(policy, finding)).reduce<Decision>(stricter, { action: "continue" });
}

/** The stricter of two decisions; the first where both are as strict. */
export function stricter(first: Decision, second: Decision): Decision {
  return rank(second) > rank(first) ? second : first;
}

/** What was done about one finding, for counting; undefined for a clear one and for an error that ends the request. */
export function actionOf(policy: Policy, finding: Finding): ActionTaken | undefined {
  const { action } = decideOne(policy, finding);
  if (action === "unavailable") return undefined;
  if (action === "continue") return finding.verdict === "error" ? "bypassed" : undefined;
  return action;
}

function decideOne(policy: Policy, finding: Finding): Decision {
  if (finding.verdict === "clear") return { action: "continue" };
  const { detector } = finding;
  const rule = Object.hasOwn(policy.detectors, detector) ? policy.detectors[detector] : undefined;
  if (finding.verdict === "error" || !rule) return decideBroken(policy, detector);
  const action = rule.action === "abort" && policy.mode === "monitor" ? "would_abort" : rule.action;
  return { action, detector, rule: `${policy.name}.${detector}: ${rule.action}` };
}

/** A finding that no rule speaks of is as bad as an error: it must not pass by accident. */
function decideBroken(policy: Policy, detector: string): Decision {
  const onError =
    (Object.hasOwn(policy.detectors, detector) ? policy.detectors[detector]?.onError : undefined) ?? "closed";
  if (policy.mode === "monitor" || onError === "open") return { action: "continue" };
  return { action: "unavailable", detector, rule: `${policy.name}.${detector}: on_error ${onError}` };
}

function rank(decision: Decision): number {
  return STRICTNESS.indexOf(decision.action);
}
