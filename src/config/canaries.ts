import type { Canary } from "../detect/canary.ts";
import type { Policy } from "../decide/policy.ts";
import { suggestWord } from "../suggestion.ts";
import type { YamlFault } from "../yaml-document.ts";
import type { GatewayFile } from "./schema.ts";

/** Texts whose answers are known, and how often they are run. */
export interface CanaryConfig {
  /** 0: never. */
  readonly everyMs: number;
  /** Whether cases beside the definitions give some, too. */
  readonly fromCases: boolean;
  /** Those of the configuration itself. */
  readonly prompts: readonly Canary[];
}

/** Reads them from the file. */
export function toCanaries({ canaries }: Pick<GatewayFile, "canaries">): CanaryConfig {
  const { every_minutes: minutes, from_cases: fromCases } = canaries;
  const prompts = canaries.prompts.map(({ detector, chat, prompt, reply, expect }, index) => ({
    detector,
    name: `canaries.prompts[${index}]`,
    text: {
      input:
        chat === undefined
          ? ({ type: "prompt", text: prompt ?? "" } as const)
          : ({ type: "chat", turns: [{ role: "user", content: chat }] } as const),
      maxTokens: 0,
      ...(reply === undefined ? {} : { reply }),
    },
    expect,
  }));
  return { everyMs: minutes * 60_000, fromCases, prompts };
}

/** Canaries of detectors that no policy runs: they would never be asked. */
export function findCanaryFaults(
  { canaries }: Pick<GatewayFile, "canaries">,
  policies: Readonly<Record<string, Policy>>,
  ids: readonly string[],
): YamlFault[] {
  const rules = Object.values(policies).flatMap(({ detectors }) => Object.entries(detectors));
  const running = new Set(rules.flatMap(([id, { confirmWith = id }]) => [id, confirmWith]));
  return canaries.prompts.flatMap(({ detector }, index) => {
    const path = ["canaries", "prompts", index, "detector"];
    if (!ids.includes(detector))
      return [{ path, message: `there is no detector "${detector}"`, cure: suggestWord(detector, ids) }];
    if (running.has(detector)) return [];
    return [
      { path, message: `no policy runs the detector "${detector}"`, cure: "name it in a policy, or remove this" },
    ];
  });
}
