import type { ClearFinding, ErrorFinding, FiredFinding } from "../../src/detect/finding.ts";

/** A detector that stayed below its threshold. */
export function clearFinding(detector: string, score = 0, position = 1): ClearFinding {
  return { verdict: "clear", detector, position, score };
}

/** A detector that fired strongly enough to abort, at threshold 1. */
export function firedFinding(detector: string, score = 2, position = 1): FiredFinding {
  return {
    verdict: "fired",
    level: "abort",
    detector,
    position,
    score,
    raw: score,
    threshold: 1,
    phase: "generation",
    token: { id: 1, text: "a" },
    names: [],
  };
}

/** A detector that threw. */
export function errorFinding(detector: string, position = 1): ErrorFinding {
  return { verdict: "error", detector, position, errorType: "threw", message: "x" };
}
