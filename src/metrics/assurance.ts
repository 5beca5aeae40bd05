import type { Loosening } from "../decide/override.ts";
import { OVERRIDE_MODES } from "../decide/policy.ts";
import type { Drift } from "./drift.ts";
import type { Labels } from "./label-sets.ts";
import type { Series } from "./series.ts";

/** Whether oversight itself can be relied on. */
export const ASSURANCE_SERIES = {
  canarySuccess: {
    kind: "gauge",
    name: "oversight_canary_success",
    help: "1: every canary of the detector was judged as it must be; 0: one was not; NaN before the first round and without canaries.",
    labels: ["detector"],
  },
  canaryLastRun: {
    kind: "gauge",
    name: "oversight_canary_last_run_timestamp_seconds",
    help: "When the canaries were last run to the end; 0 before.",
    labels: [],
  },
  canaryInterval: {
    kind: "gauge",
    name: "oversight_canary_interval_seconds",
    help: "How often canaries are to run; 0: never.",
    labels: [],
  },
  scoreDrift: {
    kind: "gauge",
    name: "oversight_score_drift",
    help: "How far the largest scores of the last 400 replies are from the calibration: the largest difference of cumulative shares at its percentiles, 0 to 1. NaN below 200 replies and without percentiles.",
    labels: ["detector"],
  },
  detectorStuck: {
    kind: "gauge",
    name: "oversight_detector_stuck",
    help: "1 while a detector is left out because it held the engine's thread up and never came back.",
    labels: ["detector"],
  },
  overrideActive: {
    kind: "gauge",
    name: "oversight_override_active",
    help: "1 while somebody has loosened a detector or a combination to this mode; the detector (all) stands for everything.",
    labels: ["detector", "mode"],
  },
} as const satisfies Record<string, Series>;

/** What stands for everything in the label `detector`; no detector can be called so. */
export const ALL_DETECTORS = "(all)";

/** Where the metrics look for it. Times in milliseconds. */
export interface AssuranceSources {
  readonly canaries?: {
    readonly everyMs: number;
    readonly state: () => { readonly results: ReadonlyMap<string, boolean>; readonly lastRunAt: number | null };
  };
  /** Those in force. */
  readonly overrides?: () => readonly Loosening[];
  /** Detectors that the engine that serves leaves out. */
  readonly stuck?: () => readonly string[];
}

/** Whose series there are. */
export interface AssuranceParts {
  /** Every detector that there is or was. */
  readonly detectors: Iterable<string>;
  /** Whether there still is one. */
  readonly isLoaded: (detector: string) => boolean;
  readonly drift: Pick<Drift, "distances">;
  readonly remove: (key: keyof typeof ASSURANCE_SERIES, labels: Labels) => void;
}

/** What is looked up when the metrics are read. */
export function createAssuranceReaders(
  { detectors, isLoaded, drift, remove }: AssuranceParts,
  { canaries, overrides, stuck }: AssuranceSources,
  set: (key: keyof typeof ASSURANCE_SERIES, labels: Labels, value: number) => void,
): Readonly<Record<string, () => unknown>> {
  return {
    canaries() {
      if (canaries === undefined) return;
      const { results, lastRunAt } = canaries.state();
      set("canaryInterval", {}, canaries.everyMs / 1000);
      set("canaryLastRun", {}, (lastRunAt ?? 0) / 1000);
      for (const detector of detectors) {
        if (isLoaded(detector)) set("canarySuccess", { detector }, Number(results.get(detector) ?? NaN));
        else remove("canarySuccess", { detector });
      }
    },
    overrides() {
      if (overrides === undefined) return;
      const active = overrides();
      for (const detector of [...detectors, ALL_DETECTORS])
        for (const mode of OVERRIDE_MODES) {
          const isActive = active.some((each) => (each.detector ?? ALL_DETECTORS) === detector && each.mode === mode);
          set("overrideActive", { detector, mode }, Number(isActive));
        }
    },
    stuck() {
      if (stuck === undefined) return;
      const out = stuck();
      for (const detector of detectors) set("detectorStuck", { detector }, Number(out.includes(detector)));
    },
    drift() {
      const distances = drift.distances();
      // One that runs no more keeps no number.
      for (const detector of detectors) set("scoreDrift", { detector }, distances.get(detector) ?? NaN);
    },
  };
}
