import type { Finding } from "../detect/finding.ts";
import { loosenedTo, ruleOf, type ActionTaken, type Decision, type Policy } from "./policy.ts";

// From mild to strict.
const STRICTNESS = ["continue", "observe", "flag", "would_abort", "abort", "unavailable"] as const;

/**
 * What is done after a step: the strictest of what the findings ask for; where several ask the same, the one whose score is
 * the likeliest to be right as far as that was measured, else the first.
 */
export function decide(policy: Policy, findings: readonly Finding[]): Decision {
  let decision: Decision = { action: "continue" };
  let logRatio = -Infinity;
  for (const finding of findings) {
    const asked = decideOne(policy, finding);
    const own = finding.verdict === "fired" ? (finding.logRatio ?? -Infinity) : -Infinity;
    const isStricter = isStricterThan(asked, decision);
    if (!isStricter && (asked.action !== decision.action || own <= logRatio)) continue;
    decision = asked;
    logRatio = own;
  }
  return decision;
}

/** Whether the first of two decisions is the stricter one. */
export function isStricterThan(first: Decision, second: Decision): boolean {
  return rank(first) > rank(second);
}

/** The stricter of two decisions; the first where both are as strict. */
export function stricter(first: Decision, second: Decision): Decision {
  return isStricterThan(second, first) ? second : first;
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
  const rule = ruleOf(policy, detector);
  if (finding.verdict === "error" || !rule) return decideBroken(policy, detector);
  const loosened = loosenedTo(policy, detector);
  const named = `${policy.name}.${detector}: ${rule.action}${loosened === undefined ? "" : `, overridden to ${loosened}`}`;
  if (loosened === "observe") return { action: "observe", detector, rule: named };
  // Over the threshold for flags, under that for aborts.
  if (rule.action === "abort" && finding.level === "flag")
    return { action: "flag", detector, rule: `${named}, at flag` };
  const action =
    rule.action === "abort" && (policy.mode === "monitor" || loosened === "monitor") ? "would_abort" : rule.action;
  return { action, detector, rule: named };
}

/** A finding that no rule speaks of is as bad as an error: it must not pass by accident. */
function decideBroken(policy: Policy, detector: string): Decision {
  const onError = ruleOf(policy, detector)?.onError ?? "closed";
  const isLoose = policy.mode === "monitor" || loosenedTo(policy, detector) !== undefined;
  if (isLoose || onError === "open") return { action: "continue" };
  return { action: "unavailable", detector, rule: `${policy.name}.${detector}: on_error ${onError}` };
}

function rank(decision: Decision): number {
  return STRICTNESS.indexOf(decision.action);
}
