import type { Config } from "../config.ts";
import type { Kind } from "../detect/kinds/kind.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { createThresholdBook } from "../review/proposal-book.ts";
import { createStatistics, type Statistics } from "../review/statistics.ts";
import type { ProposalBook } from "../review/desk.ts";
import { createSampler, type Sampler } from "../trace/sampling.ts";
import type { ScoreLog } from "../trace/stores.ts";
import type { Records } from "./records.ts";

/** What verdicts and score rows say together. */
export interface Learning {
  statistics(): Promise<Statistics>;
  readonly proposals: ProposalBook;
  recall(): Promise<Statistics["perDetector"]>;
  newWaits(): Promise<number[]>;
}

interface DetectionParts {
  readonly config: Config;
  readonly detectors: readonly LoadedDetector[];
}

export interface LearningParts extends DetectionParts {
  readonly model: OpenModel;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly records: Pick<Records, "scores" | "decisions" | "queue">;
}

const WINDOW_MS = 7 * 86_400_000;
/** The page is read by a person, the metrics every few seconds. */
const [PAGE_AGE_MS, METRIC_AGE_MS] = [2_000, 60_000];
/** Rows of before that the sampler's idea of a near score begins with. */
const REMEMBERED = 10_000;

/** The numbers of the last seven days, and thresholds that can be written into the definitions. */
export function createLearning({ config, model, detectors, kinds, records }: LearningParts): Learning {
  const { scores, decisions, queue } = records;
  const statistics = createStatistics({ scores, decisions, queue, windowMs: WINDOW_MS });
  const thresholds = thresholdsOf({ config, detectors });
  const book = createThresholdBook({
    statistics,
    currentOf: (name) => thresholds.get(name) ?? null,
    writer: {
      folder: config.detectorsFolder,
      kinds,
      context: resolveContextOf(model),
      binding: bindingOf(model),
    },
  });
  return {
    statistics: () => statistics.readRecent(PAGE_AGE_MS),
    proposals: book,
    recall: async () => (await statistics.readRecent(METRIC_AGE_MS)).perDetector,
    newWaits: () => statistics.newWaits(),
  };
}

/** Draws nothing before `remember` has told it of the replies of before. */
export interface Sampling extends Sampler {
  remember(scores: Pick<ScoreLog, "list">): Promise<void>;
}

/** The sampler of a gateway's policies. */
export function createSampling({ config, detectors }: DetectionParts): Sampling {
  const own = new Map(detectors.map(({ id, threshold }) => [id, threshold]));
  const thresholdOf = (policy: string, name: string): number | null =>
    config.policies[policy]?.combine?.[name]?.threshold ?? own.get(name) ?? null;
  let sampler: Sampler | undefined;
  return {
    draw: (reply) => sampler?.draw(reply),
    async remember(scores) {
      const recent = await scores.list({ limit: REMEMBERED });
      sampler = createSampler({ shares: config.review.sample, thresholdOf, recent });
    },
  };
}

/** The score from which a detector or combination flags; of a name that several policies combine, that of the last one. */
function thresholdsOf({ config, detectors }: DetectionParts): Map<string, number> {
  const known = new Map(detectors.map(({ id, threshold }) => [id, threshold]));
  for (const { combine = {} } of Object.values(config.policies))
    for (const [name, { threshold }] of Object.entries(combine)) known.set(name, threshold);
  return known;
}
