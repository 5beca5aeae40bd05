import type { Combination } from "../decide/policy.ts";
import { suggestWord } from "../suggestion.ts";
import type { YamlFault } from "../yaml-document.ts";
import type { CombinationEntry, PolicyEntry } from "./schema.ts";

/** Judged positions that a firing counts for, where nothing is said. */
const WITHIN_TOKENS = 16;

/** What is wrong with the combinations that a policy writes (`entry`), as they stand when `extends` is followed (`merged`). */
export function findCombinationFaults(
  policy: string,
  { entry, merged }: { entry: PolicyEntry; merged: PolicyEntry },
  detectorIds: readonly string[],
): YamlFault[] {
  const members = Object.keys(merged.detectors ?? {});
  return Object.keys(entry.combine ?? {}).flatMap((name) => {
    const path = ["policies", policy, "combine", name];
    const combination = merged.combine?.[name] ?? {};
    const faults = [...findMissing(combination), ...findMembers(combination, members), ...findMisfits(combination)];
    if (detectorIds.includes(name)) {
      faults.push({ path: [], message: "a detector has this name", cure: "give the combination another one" });
    }
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
}

function findMissing({ of, rule, action, weights, threshold }: CombinationEntry): YamlFault[] {
  const needsThreshold = rule === "weighted" || rule === "likelihood_ratio";
  const wanted: readonly (readonly [string, unknown, string])[] = [
    ["of", of, "list the detectors that it combines"],
    ["rule", rule, "write any, all, weighted or likelihood_ratio"],
    ["action", action, "write observe, flag or abort"],
    ...(needsThreshold ? [["threshold", threshold, "write the score from which it fires"] as const] : []),
    ...(rule === "weighted" ? [["weights", weights, "write a number for each detector in of"] as const] : []),
  ];
  return wanted
    .filter(([, value]) => value === undefined)
    .map(([field, , cure]) => ({ path: [field], message: "is missing", cure }));
}

function findMembers({ of = [], weights }: CombinationEntry, ids: readonly string[]): YamlFault[] {
  const faults: YamlFault[] = of.flatMap((id, index) => {
    const path = ["of", index];
    if (of.indexOf(id) < index) return [{ path, message: `"${id}" is there twice`, cure: "remove one of the two" }];
    if (ids.includes(id)) return [];
    const cure = `write it under detectors with action: observe, or ${suggestWord(id, ids)}`;
    return [{ path, message: `the policy has no detector "${id}"`, cure }];
  });
  if (weights === undefined) return faults;
  for (const id of of) {
    if (Object.hasOwn(weights, id)) continue;
    faults.push({ path: ["weights"], message: `"${id}" has no weight`, cure: "write one, 0 to leave it out" });
  }
  for (const id of Object.keys(weights)) {
    if (of.includes(id)) continue;
    faults.push({ path: ["weights", id], message: "is not in of", cure: suggestWord(id, of) });
  }
  return faults;
}

/** Fields that the rule would pass over in silence. */
function findMisfits({ rule, weights, threshold, within_tokens: within }: CombinationEntry): YamlFault[] {
  const counts = rule === "any" || rule === "all";
  const misfits: readonly (readonly [string, unknown, boolean])[] = [
    ["weights", weights, rule !== "weighted"],
    ["threshold", threshold, counts],
    ["within_tokens", within, !counts],
  ];
  return misfits
    .filter(([, value, isMisfit]) => rule !== undefined && value !== undefined && isMisfit)
    .map(([field]) => ({ path: [field], message: `has no meaning for the rule ${rule}`, cure: "remove it" }));
}

/** The combinations of a policy as they apply, by name. */
export function toCombinations({ combine = {} }: PolicyEntry): Record<string, Combination> {
  return Object.fromEntries(Object.entries(combine).map(([name, entry]) => [name, toCombination(entry)]));
}

function toCombination(entry: CombinationEntry): Combination {
  const { of = [], rule = "any", action = "abort", weights, threshold, positions } = entry;
  const needed = rule === "all" ? of.length : 1;
  return {
    of,
    rule,
    withinTokens: entry.within_tokens ?? WITHIN_TOKENS,
    ...(weights === undefined ? {} : { weights }),
    threshold: threshold ?? needed,
    action,
    ...(positions === undefined ? {} : { positions }),
  };
}
