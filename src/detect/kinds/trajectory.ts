import { z } from "zod";
import { LENSES, type Yardstick } from "../../lens/reading.ts";
import { formatTap, type Tap } from "../../lens/tap.ts";
import { checkLens, ConceptScore, logOddsOf } from "./concept-score.ts";
import { resolveTaps } from "./concept-taps.ts";
import { requireWords, wordFields } from "./concept-words.ts";
import { OptionError, type Kind, type RawScore, type ResolveContext, type Resolution, type Step } from "./kind.ts";

const schema = z.strictObject({
  ...wordFields,
  /** Where the concept must be strong. */
  inside: z.array(z.string()).min(1),
  /** Where it must be absent: the model's output unless said otherwise. */
  outside: z.array(z.string()).min(1).default(["100%.resid_post"]),
  measure: z.enum(["hidden", "dropped"]),
  lens: z.enum(LENSES).default("logit"),
  yardstick: z.enum(["background", "exact"]).default("background"),
});

/** Options of the kind `trajectory`, as the schema leaves them. */
export type TrajectoryOptions = z.output<typeof schema>;

/** What the worker needs of a trajectory: plain data. */
export interface TrajectoryResolved {
  /** Taps of the first reads, in order; those after them are outside. */
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly names: readonly string[];
  /** For each token of the reads the index of its name. `[tokens]` */
  readonly nameOfToken: readonly number[];
  readonly measure: "hidden" | "dropped";
  readonly yardstick: Yardstick;
}

/**
 * A concept's way through the model. With inside and outside as the largest log-odds over the taps of each: `hidden` is
 * min(inside, inside − outside), high where it is strong inside and weak outside; `dropped` is inside − outside, its largest fall.
 */
export const trajectoryKind: Kind<TrajectoryOptions, TrajectoryResolved> = {
  name: "trajectory",
  schema,
  resolve: resolveTrajectory,
  start: (resolved) => ({ score: (step) => scoreTrajectory(resolved, step) }),
};

function resolveTrajectory(options: TrajectoryOptions, context: ResolveContext): Resolution<TrajectoryResolved> {
  const inside = tapsAt("inside", options.inside, context);
  const outside = tapsAt("outside", options.outside, context);
  const both = inside.map(formatTap).findIndex((tap) => outside.map(formatTap).includes(tap));
  if (both >= 0) {
    const message = `"${options.inside[both]}" is inside and outside, where a concept cannot be both strong and absent`;
    throw new OptionError(["inside", both], message, "take it out of one of the two");
  }
  checkLens(options.lens, context);
  const { tokens, names, nameOfToken, notes } = requireWords(options, context);
  const { measure, yardstick, lens } = options;
  const output = `${context.layers - 1}.resid_post`;
  // At the output the logit lens is what the model says; every other lens only stands for it.
  const through = (tap: Tap) => (lens === "logit" || formatTap(tap) === output ? {} : { lens });
  return {
    reads: [...inside, ...outside].map((tap) => ({ tap, tokens, yardstick, ...through(tap) })),
    resolved: {
      inside: inside.map(formatTap),
      outside: outside.map(formatTap),
      names,
      nameOfToken,
      measure,
      yardstick,
    },
    notes,
  };
}

function tapsAt(field: "inside" | "outside", texts: readonly string[], { layers }: ResolveContext): Tap[] {
  try {
    return resolveTaps(texts, layers);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError([field, ...error.path.slice(1)], error.message, error.cure);
  }
}

function scoreTrajectory(resolved: TrajectoryResolved, step: Step): RawScore {
  const { inside, outside, measure, yardstick } = resolved;
  const readings = inside.map((_, index) => step.reading(index));
  const within = readings.map((reading) => logOddsOf(yardstick, reading));
  const strong = Math.max(...within);
  const said = Math.max(...outside.map((_, index) => logOddsOf(yardstick, step.reading(inside.length + index))));
  const score = measure === "hidden" ? Math.min(strong, strong - said) : strong - said;
  const strongest = Math.max(0, within.indexOf(strong));
  return new ConceptScore(score, { resolved, reading: readings[strongest], tap: inside[strongest] });
}
