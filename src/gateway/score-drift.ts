import { detectorsOf, type Policy } from "../decide/policy.ts";
import type { DriftDetector } from "../metrics/drift.ts";
import type { Metrics } from "../metrics.ts";
import type { ScoreLog } from "../trace/stores.ts";

/** Replies of before that the comparison begins with: as many as it keeps. */
const REMEMBERED = 400;

/** Of definitions what is asked here. */
interface Detection {
  readonly detectors: readonly DriftDetector[];
  readonly config: { readonly policies: Readonly<Record<string, Pick<Policy, "detectors">>> };
}

/** Tells the metrics which detectors run now: at the start and after every reload. */
export function learnDetectors(drift: Pick<Metrics["drift"], "learn">, { config, detectors }: Detection): void {
  const running = new Set(Object.values(config.policies).flatMap(detectorsOf));
  drift.learn(detectors.filter(({ id }) => running.has(id)));
}

/** At the start: also what replies of before had scored, oldest first; those of other gateways until own ones take their place. */
export async function startDrift(
  drift: Metrics["drift"],
  detection: Detection,
  scores: Pick<ScoreLog, "list">,
): Promise<void> {
  learnDetectors(drift, detection);
  for (const row of (await scores.list({ limit: REMEMBERED })).reverse()) drift.saw(row.scores);
}
