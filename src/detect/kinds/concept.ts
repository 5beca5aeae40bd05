import { z } from "zod";
import { LENSES, type Reading, type Yardstick } from "../../lens/reading.ts";
import { formatTap } from "../../lens/tap.ts";
import { withCure } from "../../schema-problem.ts";
import { checkLens, ConceptScore, logOddsOf, probabilityOf } from "./concept-score.ts";
import { resolveTaps } from "./concept-taps.ts";
import { requireWords, wordFields } from "./concept-words.ts";
import type { Kind, RawScore, ResolveContext, Resolution } from "./kind.ts";

const schema = z
  .strictObject({
    ...wordFields,
    taps: z.array(z.string()).min(1),
    lens: z.enum(LENSES).default("logit"),
    combine: z.enum(["max", "mean"]).default("max"),
    yardstick: z.enum(["background", "exact"]).default("background"),
    score: z.enum(["log_odds", "probability"]).default("log_odds"),
  })
  .refine((options) => options.score === "log_odds" || options.yardstick === "exact", {
    path: ["score"],
    error: withCure("a probability needs the whole vocabulary", "write yardstick: exact, or score: log_odds"),
  });

/** Options of the kind `concept`, as the schema leaves them. */
export type ConceptOptions = z.output<typeof schema>;

/** What the worker needs of a concept: plain data. */
export interface ConceptResolved {
  /** One for each read, in order. */
  readonly taps: readonly string[];
  readonly names: readonly string[];
  /** For each token of the reads the index of its name. `[tokens]` */
  readonly nameOfToken: readonly number[];
  readonly combine: "max" | "mean";
  readonly score: "log_odds" | "probability";
  readonly yardstick: Yardstick;
}

/** Words to the log-odds (or the probability) of their tokens in a lens of the chosen taps. */
export const conceptKind: Kind<ConceptOptions, ConceptResolved> = {
  name: "concept",
  schema,
  resolve: resolveConcept,
  start: (resolved) => ({
    score: (step) =>
      scoreConcept(
        resolved,
        resolved.taps.map((_, index) => step.reading(index)),
      ),
  }),
};

function resolveConcept(options: ConceptOptions, context: ResolveContext): Resolution<ConceptResolved> {
  const taps = resolveTaps(options.taps, context.layers);
  const { tokens, names, nameOfToken, notes } = requireWords(options, context);
  const { yardstick, combine, score, lens } = options;
  checkLens(lens, context);
  const through = lens === "logit" ? {} : { lens };
  return {
    reads: taps.map((tap) => ({ tap, tokens, yardstick, ...through })),
    resolved: { taps: taps.map(formatTap), names, nameOfToken, combine, score, yardstick },
    notes,
  };
}

function scoreConcept(resolved: ConceptResolved, readings: readonly Reading[]): RawScore {
  const scores = readings.map((reading) => scoreReading(resolved, reading));
  const largest = Math.max(...scores);
  const strongest = Math.max(0, scores.indexOf(largest));
  const score = resolved.combine === "max" ? largest : scores.reduce((sum, each) => sum + each, 0) / scores.length;
  return new ConceptScore(score, { resolved, reading: readings[strongest], tap: resolved.taps[strongest] });
}

function scoreReading({ yardstick, score }: ConceptResolved, reading: Reading): number {
  return score === "probability" ? probabilityOf(reading) : logOddsOf(yardstick, reading);
}
