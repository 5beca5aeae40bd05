import type { LivePosition } from "../engine/engine.ts";
import { membersOf, scoredNames } from "../decide/policy.ts";
import type { Trace } from "../trace/trace.ts";
import type { RereadScore } from "./enrichment.ts";
import { isSame, type RereadPlan } from "./reread-plan.ts";
import type { ReaderSettings } from "./reader-settings.ts";

/** One live score. */
interface LiveScore {
  readonly detector: string;
  readonly position: number;
  readonly live: number | null;
  readonly threshold: number | null;
  readonly fired: boolean;
}

/** Every live score that the trace has of a firing, and those of the other detectors at the first one, beside the re-read's. */
export function compareScores(
  plan: RereadPlan,
  every: readonly LivePosition[],
  { worker }: ReaderSettings,
): RereadScore[] {
  const names = scoredNames(plan.policy);
  const byPosition = new Map(every.map((entry) => [entry.position, entry.scores]));
  const { head } = plan.trace;
  return liveScores(plan).map(({ detector, position, live, threshold, fired }) => {
    const isComparable = membersOf(plan.policy, detector).every((id) => isSame(id, head, worker));
    const score = (isComparable ? byPosition.get(position)?.[names.indexOf(detector)] : null) ?? null;
    const isThere = score !== null && threshold !== null && score >= threshold;
    return {
      detector,
      position,
      live,
      score,
      threshold,
      difference: live === null || score === null ? null : score - live,
      reproduced: fired ? isThere : null,
    };
  });
}

function liveScores({ trace, firing }: RereadPlan): LiveScore[] {
  if (trace.sample) return sampledScores(trace, trace.sample);
  const fired = trace.evidence.map(({ finding }): LiveScore => {
    const { detector, position } = finding;
    if (finding.verdict === "error") return { detector, position, live: null, threshold: null, fired: false };
    return { detector, position, live: finding.score, threshold: finding.threshold, fired: true };
  });
  const [first] = trace.evidence;
  const beside = (first?.live.at(-1)?.scores ?? []).flatMap((live, index): LiveScore[] => {
    const detector = first?.detectors[index];
    const isFired = fired.some((score) => score.detector === detector && score.position === firing.position);
    if (detector === undefined || live === null || isFired) return [];
    return [{ detector, position: firing.position, live, threshold: first?.thresholds?.[index] ?? null, fired: false }];
  });
  return [...fired, ...beside];
}

function sampledScores({ end }: Trace, sample: NonNullable<Trace["sample"]>): LiveScore[] {
  return (end?.scores ?? []).flatMap(({ detector, position, score }) =>
    position !== null && detector === sample.detector
      ? [{ detector, position, live: score, threshold: sample.threshold, fired: false }]
      : [],
  );
}
