import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Config } from "../config.ts";
import { detectorsOf } from "../decide/policy.ts";
import { pickCanaries, type Canary } from "../detect/canary.ts";
import { parseCases } from "../detect/cases.ts";
import { canaryPolicy, runCanary } from "../engine/canary-run.ts";
import { ConfigError, type Problem } from "../errors.ts";
import { startCanaryRounds, type CanaryRounds } from "./canary-rounds.ts";
import type { Running } from "./running.ts";

type CanaryParts = Pick<Config, "canaries" | "detectorsFolder" | "policies">;

/**
 * The canaries of every detector that some policy runs: from its cases, then those of the configuration. Throws `ConfigError` for
 * cases that do not parse.
 */
export function listCanaries({ canaries, detectorsFolder, policies }: CanaryParts): Canary[] {
  if (canaries.everyMs === 0) return [];
  const problems: Problem[] = [];
  const fromCases = [...runningDetectors({ policies })].flatMap((id) => {
    const file = join(detectorsFolder, `${id}.test.yaml`);
    if (!canaries.fromCases || !existsSync(file)) return [];
    try {
      return pickCanaries(id, parseCases(file, readFileSync(file, "utf8")));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return [...fromCases, ...canaries.prompts];
}

/** Lines for `lensgate check`: which detectors have canaries, and which would go blind unseen. */
export function describeCanaries(config: CanaryParts): string[] {
  const { everyMs } = config.canaries;
  if (everyMs === 0) return ["canaries: off"];
  const all = listCanaries(config);
  const without = [...runningDetectors(config)].filter((id) => !all.some(({ detector }) => detector === id));
  const lines = [`canaries: ${all.length} every ${everyMs / 60_000} min`];
  if (without.length > 0) lines.push(`  without one, so that nothing tells when they go blind: ${without.join(", ")}`);
  return lines;
}

function runningDetectors({ policies }: Pick<Config, "policies">): Set<string> {
  return new Set(Object.values(policies).flatMap(detectorsOf));
}

/** Runs canaries on the engine that serves, past the recorder and the observers of requests. */
export function startCanaries(
  { serving, model, log }: Pick<Running, "serving" | "model" | "log">,
  options: { readonly firstMs?: number } = {},
): CanaryRounds {
  return startCanaryRounds({
    canaries: () => serving.definitions.canaries,
    run(canary) {
      const { seat, config } = serving.current;
      const parts = { engine: seat.engine, prompts: model.prompts, policy: canaryPolicy(config.policies) };
      return runCanary(parts, canary, `canary_${randomBytes(8).toString("hex")}`);
    },
    everyMs: () => serving.definitions.config.canaries.everyMs,
    log,
    ...options,
  });
}
