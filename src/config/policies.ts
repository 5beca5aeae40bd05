import type { DetectorRule, Policy } from "../decide/policy.ts";
import { suggestWord } from "../suggestion.ts";
import type { YamlFault } from "../yaml-document.ts";
import { findCombinationFaults, toCombinations } from "./combinations.ts";
import type { GatewayFile, PolicyEntry } from "./schema.ts";

/** Policies as they apply, and what is wrong with them. */
export interface ResolvedPolicies {
  readonly policies: Readonly<Record<string, Policy>>;
  readonly faults: readonly YamlFault[];
}

/** Follows `extends`, fills defaults in and checks every name against the detectors that exist. */
export function resolvePolicies(entries: GatewayFile["policies"], detectorIds: readonly string[]): ResolvedPolicies {
  const faults: YamlFault[] = [];
  const policies: Record<string, Policy> = {};
  for (const [name, entry] of Object.entries(entries)) {
    faults.push(...findUnknownDetectors(name, entry, detectorIds));
    const chain = followExtends(name, entries);
    if ("fault" in chain) faults.push(chain.fault);
    else {
      const merged = chain.entries.reduce(mergeEntries, {});
      faults.push(
        ...findMissingActions(name, entry, merged),
        ...findConfirmationFaults(name, { entry, merged }, detectorIds),
      );
      faults.push(...findCombinationFaults(name, { entry, merged }, detectorIds));
      policies[name] = toPolicy(name, merged);
    }
  }
  return { policies, faults };
}

function findUnknownDetectors(name: string, entry: PolicyEntry, detectorIds: readonly string[]): YamlFault[] {
  return Object.keys(entry.detectors ?? {})
    .filter((id) => !detectorIds.includes(id))
    .map((id) => ({
      path: ["policies", name, "detectors", id],
      message: `there is no detector "${id}"`,
      cure: suggestWord(id, detectorIds),
    }));
}

/** The policy and its ancestors, the farthest first. */
function followExtends(
  name: string,
  entries: GatewayFile["policies"],
): { readonly entries: readonly PolicyEntry[] } | { readonly fault: YamlFault } {
  const names = [name];
  const chain: PolicyEntry[] = [];
  for (let current = entries[name]; current !== undefined;) {
    chain.unshift(current);
    const parent = current.extends;
    if (parent === undefined) break;
    const path = ["policies", names.at(-1) ?? name, "extends"];
    if (names.includes(parent)) {
      const circle = [...names, parent].join(" → ");
      return {
        fault: { path, message: `the policies extend each other in a circle: ${circle}`, cure: "remove one extends" },
      };
    }
    names.push(parent);
    current = Object.hasOwn(entries, parent) ? entries[parent] : undefined;
    if (!current) {
      const cure = suggestWord(parent, Object.keys(entries));
      return { fault: { path, message: `there is no policy "${parent}"`, cure } };
    }
  }
  return { entries: chain };
}

/** What the later one writes wins, field by field, inside a detector's rule too. */
function mergeEntries(parent: PolicyEntry, child: PolicyEntry): PolicyEntry {
  const detectors = { ...parent.detectors };
  for (const [id, rule] of Object.entries(child.detectors ?? {})) detectors[id] = { ...detectors[id], ...rule };
  const combine = { ...parent.combine };
  for (const [id, each] of Object.entries(child.combine ?? {})) combine[id] = { ...combine[id], ...each };
  return { ...parent, ...child, detectors, combine };
}

function findMissingActions(name: string, entry: PolicyEntry, merged: PolicyEntry): YamlFault[] {
  return Object.keys(entry.detectors ?? {})
    .filter((id) => merged.detectors?.[id]?.action === undefined)
    .map((id) => ({
      path: ["policies", name, "detectors", id, "action"],
      message: "is missing",
      cure: "write observe, flag or abort",
    }));
}

/** Only what this policy wrote: what it extends is judged by itself. */
function findConfirmationFaults(
  name: string,
  { entry, merged }: { entry: PolicyEntry; merged: PolicyEntry },
  ids: readonly string[],
): YamlFault[] {
  const detectors = merged.detectors ?? {};
  const confirmerOf = (id: string) => (Object.hasOwn(detectors, id) ? detectors[id]?.confirm_with : undefined);
  const written = new Set(Object.keys(entry.detectors ?? {}));
  return Object.entries(detectors).flatMap(([id, { confirm_with: by, warm_at: warmAt }]) => {
    if (!written.has(id) && !written.has(by ?? "")) return [];
    const at = (field: string) => ["policies", name, "detectors", id, field];
    if (by === undefined) {
      const cure = "remove it, or write confirm_with";
      return warmAt === undefined
        ? []
        : [{ path: at("warm_at"), message: "has no meaning without confirm_with", cure }];
    }
    const path = at("confirm_with");
    if (!ids.includes(by)) return [{ path, message: `there is no detector "${by}"`, cure: suggestWord(by, ids) }];
    if (by === id) return [{ path, message: "names the detector itself", cure: "name another detector" }];
    if (confirmerOf(by) === undefined) return [];
    return [{ path, message: `"${by}" is itself to be confirmed`, cure: "confirm with a detector that stands alone" }];
  });
}

function toPolicy(name: string, merged: PolicyEntry): Policy {
  const detectors: Record<string, DetectorRule> = {};
  for (const [id, written] of Object.entries(merged.detectors ?? {})) {
    const { action = "abort", positions, on_error: onError = "closed", confirm_with: by, warm_at: warmAt } = written;
    detectors[id] = {
      action,
      ...(positions === undefined ? {} : { positions }),
      onError,
      ...(by === undefined ? {} : { confirmWith: by }),
      ...(warmAt === undefined ? {} : { warmAt }),
    };
  }
  const combine = toCombinations(merged);
  return {
    name,
    mode: merged.mode ?? "enforce",
    holdTokens: merged.hold_tokens ?? 1,
    onAbort: merged.on_abort ?? "finish",
    promptScope: merged.prompt_scope ?? "new",
    detectors,
    ...(merged.continuation_tokens === undefined ? {} : { continuationTokens: merged.continuation_tokens }),
    ...(Object.keys(combine).length === 0 ? {} : { combine }),
  };
}
