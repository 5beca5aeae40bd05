import { z } from "zod";
import { formatTap } from "../../lens/tap.ts";
import type { Reading } from "../../lens/reading.ts";
import { matchWords } from "./concept-words.ts";
import { resolveTaps } from "./concept-taps.ts";
import { OptionError, type Kind, type RawScore, type ResolveContext, type Resolution } from "./kind.ts";
import type { NamedShare } from "../finding.ts";
import { withCure } from "../../schema-problem.ts";

const wordSchema = z.union([
  z.string().min(1),
  z.strictObject({ word: z.string().min(1), as: z.string().min(1).optional() }),
]);

const schema = z
  .strictObject({
    /** The concept's words; `as` is the name that is reported for a word. */
    words: z.array(wordSchema).min(1),
    /** `whole` takes words with a token of their own, `first_piece` also the first token of longer ones. */
    match: z.enum(["whole", "first_piece"]).default("whole"),
    /** `both` also tries the other case of the first letter. */
    first_letter: z.enum(["both", "as_written"]).default("both"),
    taps: z.array(z.string()).min(1),
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
  readonly yardstick: "background" | "exact";
}

const NAMES_REPORTED = 3;

/** Words to the log-odds (or the probability) of their tokens in the logit lens of the chosen taps. */
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
  const { tokens, names, nameOfToken, notes } = matchWords(options, context);
  if (tokens.length === 0) {
    const cure =
      options.match === "whole"
        ? "write match: first_piece, or add words that are single tokens"
        : "add words whose first token has more than one letter";
    throw new OptionError(["words"], "the concept resolves to no token at all", cure);
  }
  const { yardstick, combine, score } = options;
  return {
    reads: taps.map((tap) => ({ tap, tokens, yardstick })),
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

interface Strongest {
  readonly resolved: ConceptResolved;
  readonly reading: Reading | undefined;
  readonly tap: string | undefined;
}

// Sorting out the words takes longer than the score, and only a firing asks for them.
class ConceptScore implements RawScore {
  readonly score: number;
  readonly tap?: string;
  private readonly strongest: Strongest;

  constructor(score: number, strongest: Strongest) {
    this.score = score;
    if (strongest.tap !== undefined) this.tap = strongest.tap;
    this.strongest = strongest;
  }

  get names(): NamedShare[] {
    const { resolved, reading } = this.strongest;
    return reading === undefined ? [] : shareByName(resolved, reading.logits);
  }
}

function scoreReading({ yardstick, score }: ConceptResolved, { logOdds }: Reading): number {
  if (yardstick === "background") return logOdds;
  // Float sums may put a certain concept a hair above ln 1; more than that is a broken reading.
  if (logOdds > 1e-3) throw new Error(`an exact reading gave ln p = ${logOdds}, which is above 0`);
  if (score === "probability") return Math.min(1, Math.exp(logOdds));
  const bounded = Math.min(logOdds, -1e-9);
  return bounded - Math.log(-Math.expm1(bounded));
}

/** Softmax over the concept's own tokens, the variants of a word added up, the strongest first. */
function shareByName({ names, nameOfToken }: ConceptResolved, logits: Float32Array): NamedShare[] {
  const top = logits.reduce((largest, logit) => Math.max(largest, logit), -Infinity);
  const masses = new Float64Array(names.length); // [names]
  let total = 0;
  logits.forEach((logit, token) => {
    const mass = Math.exp(logit - top);
    const name = nameOfToken[token] ?? 0;
    masses[name] = (masses[name] ?? 0) + mass;
    total += mass;
  });
  return names
    .map((name, index) => ({ name, share: (masses[index] ?? 0) / total }))
    .sort((left, right) => right.share - left.share)
    .slice(0, NAMES_REPORTED);
}
