import { z } from "zod";
import type { Kind, RawScore } from "../../src/detect/kinds/kind.ts";
import type { LoadedDetector } from "../../src/detect/loader.ts";
import type { PanelStep } from "../../src/detect/panel.ts";

/** A kind whose scores a test writes down by position; a function is called, so it may throw. */
export function scriptedKind(
  name: string,
  script: Readonly<Record<number, RawScore | (() => RawScore | undefined)>>,
): Kind {
  return {
    name,
    schema: z.unknown(),
    resolve: () => ({ reads: [], resolved: null, notes: [] }),
    start: () => ({
      score({ position }) {
        const entry = script[position];
        return typeof entry === "function" ? entry() : entry;
      },
    }),
  };
}

/** A loaded detector with threshold 1 that judges both sides, each position for itself. */
export function loadedDetector(id: string, changes: Partial<LoadedDetector> = {}): LoadedDetector {
  return {
    id,
    hash: "0123456789abcdef",
    kind: id,
    description: id,
    resolved: null,
    reads: [],
    aggregate: { type: "max", window: 1 },
    threshold: 1,
    abortThreshold: changes.threshold ?? 1,
    positions: "both",
    notes: [],
    calibrated: false,
    calibration: { status: "uncalibrated", note: "for tests" },
    ...changes,
  };
}

/** A step of the generation that nothing can be read at. */
export function stepAt(position: number, changes: Partial<PanelStep> = {}): PanelStep {
  return {
    position,
    phase: "generation",
    token: 100 + position,
    text: ` t${position}`,
    reading: () => {
      throw new Error("nothing is read here");
    },
    ...changes,
  };
}
