import type { Phase } from "./finding.ts";
import type { Positions } from "./kinds/kind.ts";

/** Whether positions of this phase are judged; the last prompt position is, by prompt and by generation detectors. */
export function covers(positions: Positions, phase: Phase): boolean {
  return positions === "both" || phase === "both" || positions === phase;
}

/** The side that a judged position counts for: the last prompt position is prompt, but for what judges the generation alone. */
export function sideOf(phase: Phase, positions: Positions): "prompt" | "generation" {
  if (phase !== "both") return phase;
  return positions === "generation" ? "generation" : "prompt";
}
