import type { Canary } from "../detect/canary.ts";
import { detectorsOf, type Policy } from "../decide/policy.ts";
import { GatewayError } from "../errors.ts";
import { startCase, type CaseParts } from "./case-request.ts";
import { runToEnd } from "./run-to-end.ts";

/** How a canary ended. `not_run` says nothing about the detector: the engine had no room, or went away. */
export type CanaryOutcome =
  | { readonly outcome: "held" }
  | { readonly outcome: "failed"; readonly found: string }
  | { readonly outcome: "not_run"; readonly why: string };

/** Waiting for a slot is part of it. */
const DEADLINE_MS = 60_000;

/** Observes with every detector that some policy runs, and acts on nothing. */
export function canaryPolicy(policies: Readonly<Record<string, Policy>>): Policy {
  const ids = new Set(Object.values(policies).flatMap(detectorsOf));
  return {
    // No configuration can hold this name.
    name: "(canary)",
    mode: "monitor",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "all",
    detectors: Object.fromEntries([...ids].map((id) => [id, { action: "observe", onError: "open" }])),
  };
}

/** What a canary runs on, and under which policy. */
export interface CanaryParts extends CaseParts {
  readonly policy: Policy;
}

/** Runs a canary on the engine that serves, past recorder and observers. Does not throw: what cannot be run has failed. */
export async function runCanary(parts: CanaryParts, canary: Canary, id: string): Promise<CanaryOutcome> {
  try {
    const run = startCase(parts, canary.text, { id, policy: parts.policy, deadlineMs: DEADLINE_MS });
    const { end } = await runToEnd(run);
    if (end.reason !== "stop" && end.reason !== "length") return { outcome: "not_run", why: end.reason };
    const score = end.scores.find(({ detector }) => detector === canary.detector);
    if (score === undefined || score.error !== null || score.score === null)
      return { outcome: "failed", found: score?.error ?? "no position was judged" };
    if (score.fired === (canary.expect === "fires")) return { outcome: "held" };
    return { outcome: "failed", found: `${score.fired ? "fired" : "clear"}, largest score ${score.score.toFixed(3)}` };
  } catch (error) {
    if (error instanceof GatewayError && (error.code === "overloaded" || error.code === "oversight_unavailable"))
      return { outcome: "not_run", why: error.code };
    return {
      outcome: "failed",
      found: `it could not be run: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
