import type { LoadedDetector } from "../detect/loader.ts";
import type { Problem } from "../errors.ts";
import { formatField, type YamlFault } from "../yaml-document.ts";
import { detectorsOf, type Combination, type DetectorRule, type Policy } from "./policy.ts";

type Facts = Pick<LoadedDetector, "id" | "threshold" | "calibration"> & {
  readonly aggregate?: LoadedDetector["aggregate"];
};

/** What is wrong with policies that only the loaded detectors show; the paths are those of `gateway.yaml`. */
export function findPolicyFaults(policies: Readonly<Record<string, Policy>>, detectors: readonly Facts[]): YamlFault[] {
  const byId = new Map(detectors.map((detector) => [detector.id, detector]));
  return Object.entries(policies).flatMap(([name, { detectors: rules, combine = {} }]) => [
    ...detectorsOf({ detectors: rules })
      .filter((id) => !byId.has(id))
      .map((id) => ({ path: ["policies", name, "detectors", id], ...GONE })),
    ...Object.entries(rules).flatMap(([id, rule]) =>
      [...findColdFirings(rule, byId.get(id)), ...findPartedPair(rule, id, byId)].map((fault) =>
        prefix(["policies", name, "detectors", id], fault),
      ),
    ),
    ...Object.entries(combine).flatMap(([id, combination]) =>
      [...findUnweighed(combination, byId), ...findPartedMembers(combination, byId)].map((fault) =>
        prefix(["policies", name, "combine", id], fault),
      ),
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

// Its file was there when the configuration was read.
const GONE = { message: "the detector is not loaded", cure: "put its file back, or take the rule out" };

function prefix(path: readonly PropertyKey[], fault: YamlFault): YamlFault {
  return { ...fault, path: [...path, ...fault.path] };
}

/** A detector that fires before it is warm would never be confirmed at that position. */
function findColdFirings({ warmAt }: DetectorRule, detector: Facts | undefined): YamlFault[] {
  if (warmAt === undefined || !detector || warmAt <= detector.threshold) return [];
  const message = `${warmAt} is over the threshold ${detector.threshold}, so firings below it would not be confirmed`;
  return [{ path: ["warm_at"], message, cure: `write at most ${detector.threshold}` }];
}

const isLate = (detector: Facts | undefined) => detector?.aggregate?.compare === "prompt_end";
const ALIKE = "give both the same aggregate.compare, or leave the pair";

/** Of two that are compared at other positions of the prompt, one has fired before the other could, or is asked too late to have seen it. */
function findPartedPair({ confirmWith }: DetectorRule, id: string, byId: ReadonlyMap<string, Facts>): YamlFault[] {
  if (confirmWith === undefined) return [];
  const pair = [byId.get(id), byId.get(confirmWith)];
  if (pair.includes(undefined) || isLate(pair[0]) === isLate(pair[1])) return [];
  const late = isLate(pair[0]) ? id : confirmWith;
  const message = `"${late}" compares from the prompt's end on and its partner always, so firings in the prompt would be lost`;
  return [{ path: ["confirm_with"], message, cure: ALIKE }];
}

function findPartedMembers({ rule, of }: Combination, byId: ReadonlyMap<string, Facts>): YamlFault[] {
  const late = of.filter((id) => isLate(byId.get(id)));
  if (rule === "any" || late.length === 0 || late.length === of.length) return [];
  const message = `"${late[0]}" compares from the prompt's end on and others always, so they would not meet in the prompt`;
  return [{ path: ["of"], message, cure: "combine detectors with the same aggregate.compare, or take the rule any" }];
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
