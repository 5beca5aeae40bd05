import type { LoadedDetector } from "../detect/loader.ts";
import type { Problem } from "../errors.ts";
import { formatField, type YamlFault } from "../yaml-document.ts";
import type { Combination, DetectorRule, Policy } from "./policy.ts";

type Facts = Pick<LoadedDetector, "id" | "threshold" | "calibration">;

/** What is wrong with policies that only the loaded detectors show; the paths are those of `gateway.yaml`. */
export function findPolicyFaults(policies: Readonly<Record<string, Policy>>, detectors: readonly Facts[]): YamlFault[] {
  const byId = new Map(detectors.map((detector) => [detector.id, detector]));
  return Object.entries(policies).flatMap(([name, { detectors: rules, combine = {} }]) => [
    ...Object.entries(rules).flatMap(([id, rule]) =>
      findColdFirings(rule, byId.get(id)).map((fault) => prefix(["policies", name, "detectors", id], fault)),
    ),
    ...Object.entries(combine).flatMap(([id, combination]) =>
      findUnweighed(combination, byId).map((fault) => prefix(["policies", name, "combine", id], fault)),
    ),
  ]);
}

/** The same as problems of the configuration's file. */
export function policyProblems(
  file: string,
  policies: Readonly<Record<string, Policy>>,
  detectors: readonly Facts[],
): Problem[] {
  return findPolicyFaults(policies, detectors).map(({ path, message, cure }) => ({
    file,
    field: formatField(path),
    message,
    cure,
  }));
}

function prefix(path: readonly PropertyKey[], fault: YamlFault): YamlFault {
  return { ...fault, path: [...path, ...fault.path] };
}

/** A detector that fires before it is warm would never be confirmed at that position. */
function findColdFirings({ warmAt }: DetectorRule, detector: Facts | undefined): YamlFault[] {
  if (warmAt === undefined || !detector || warmAt <= detector.threshold) return [];
  const message = `${warmAt} is over the threshold ${detector.threshold}, so firings below it would not be confirmed`;
  return [{ path: ["warm_at"], message, cure: `write at most ${detector.threshold}` }];
}

function findUnweighed({ rule, of }: Combination, byId: ReadonlyMap<string, Facts>): YamlFault[] {
  if (rule !== "likelihood_ratio") return [];
  return of.flatMap((id, index) => {
    const calibration = byId.get(id)?.calibration;
    if (calibration?.status === "calibrated" && calibration.likelihood !== undefined) return [];
    const message = `the detector "${id}" has no calibration.likelihood in ${id}.yaml`;
    return [{ path: ["of", index], message, cure: "calibrate it, or take the rule weighted, any or all" }];
  });
}
