import { z } from "zod";
import type { Calibration } from "../../src/detect/calibration.ts";
import type { Likelihood } from "../../src/detect/likelihood.ts";
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
    familyDefault: null,
    calibrated: false,
    calibration: { status: "uncalibrated", note: "for tests" },
    ...changes,
  };
}

/** A calibration of nothing in particular, with a curve of log ratios where one is given. */
export function calibratedWith(likelihood?: Likelihood): Calibration {
  return {
    status: "calibrated",
    data: "d",
    false_alarm_rate: 0,
    model_sha256: "a".repeat(64),
    precision: "fast",
    format_version: 1,
    chat_template_sha256: null,
    background_sha256: null,
    lens: "none",
    ...(likelihood === undefined ? {} : { likelihood }),
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
