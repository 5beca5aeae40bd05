import { OVERRIDE_MODES, scoredNames, type OverrideMode, type Policy } from "./policy.ts";

/** What of an override concerns a policy; `detector` may name a combination, null stands for everything. */
export interface Loosening {
  readonly detector: string | null;
  readonly mode: OverrideMode;
}

/** The policy while overrides are in force: the same object where none concerns it. Of two on one name the looser one counts. */
export function loosenPolicy(policy: Policy, overrides: readonly Loosening[]): Policy {
  const loosened: Record<string, OverrideMode> = {};
  for (const mode of OVERRIDE_MODES) {
    const alike = overrides.filter((override) => override.mode === mode);
    const isAll = alike.some(({ detector }) => detector === null);
    for (const name of scoredNames(policy))
      if (isAll || alike.some(({ detector }) => detector === name)) loosened[name] = mode;
  }
  if (Object.keys(loosened).length === 0) return policy;
  const stopsNothing = overrides.some(({ detector }) => detector === null);
  return { ...policy, ...(stopsNothing ? { mode: "monitor" as const } : {}), loosened };
}
