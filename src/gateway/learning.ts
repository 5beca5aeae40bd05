import type { Kind } from "../detect/kinds/kind.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { createThresholdBook } from "../review/proposal-book.ts";
import { createStatistics, type Statistics } from "../review/statistics.ts";
import type { ProposalBook } from "../review/desk.ts";
import { createSampler, type Sampler } from "../trace/sampling.ts";
import type { ScoreLog } from "../trace/stores.ts";
import type { Definitions } from "./definitions.ts";
import type { Records } from "./records.ts";

/** What verdicts and score rows say together. */
export interface Learning {
  statistics(): Promise<Statistics>;
  readonly proposals: ProposalBook;
  recall(): Promise<Statistics["perDetector"]>;
  newWaits(): Promise<number[]>;
}

/** The definitions that serve, looked up at every use. */
export type CurrentDefinitions = () => Pick<Definitions, "config" | "detectors">;

export interface LearningParts {
  readonly current: CurrentDefinitions;
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
export function createLearning({ current, model, kinds, records }: LearningParts): Learning {
  const { scores, decisions, queue } = records;
  const statistics = createStatistics({ scores, decisions, queue, windowMs: WINDOW_MS });
  const book = createThresholdBook({
    statistics,
    currentOf: (name) => thresholdsOf(current()).get(name) ?? null,
    writer: {
      get folder() {
        return current().config.detectorsFolder;
      },
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
export function createSampling(current: CurrentDefinitions): Sampling {
  const thresholdOf = (policy: string, name: string): number | null => {
    const { config, detectors } = current();
    const own = detectors.find(({ id }) => id === name)?.threshold;
    return config.policies[policy]?.combine?.[name]?.threshold ?? own ?? null;
  };
  let sampler: Sampler | undefined;
  return {
    draw: (reply) => sampler?.draw(reply),
    async remember(scores) {
      const recent = await scores.list({ limit: REMEMBERED });
      sampler = createSampler({ shares: current().config.review.sample, thresholdOf, recent });
    },
  };
}

/** The score from which a detector or combination flags; of a name that several policies combine, that of the last one. */
function thresholdsOf({ config, detectors }: ReturnType<CurrentDefinitions>): Map<string, number> {
  const known = new Map(detectors.map(({ id, threshold }) => [id, threshold]));
  for (const { combine = {} } of Object.values(config.policies))
    for (const [name, { threshold }] of Object.entries(combine)) known.set(name, threshold);
  return known;
}
