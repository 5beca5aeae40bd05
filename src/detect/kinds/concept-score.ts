import type { LensName, Reading, Yardstick } from "../../lens/reading.ts";
import type { NamedShare } from "../finding.ts";
import type { MatchedWords } from "./concept-words.ts";
import { OptionError, type RawScore, type ResolveContext } from "./kind.ts";

const NAMES_REPORTED = 3;

/** Throws `OptionError` for a lens that cannot be read on this model. */
export function checkLens(lens: LensName, { lenses }: ResolveContext): void {
  if (lenses.includes(lens)) return;
  const needs = lens === "tuned" ? "a fitted lens: run `lensgate lens fit`" : "the model's lens/statistics.bin";
  throw new OptionError(["lens"], `the lens ${lens} is not there`, `it needs ${needs}; or write lens: logit`);
}

/** A concept's log-odds at one tap: of the background as they are read, of the whole vocabulary from ln p. */
export function logOddsOf(yardstick: Yardstick, { logOdds }: Reading): number {
  if (yardstick === "background") return logOdds;
  const bounded = Math.min(checkExact(logOdds), -1e-9);
  return bounded - Math.log(-Math.expm1(bounded));
}

/** A concept's probability, 0 to 1, of a reading with the yardstick `exact`. */
export function probabilityOf({ logOdds }: Reading): number {
  return Math.min(1, Math.exp(checkExact(logOdds)));
}

// Float sums may put a certain concept a hair above ln 1; more than that is a broken reading.
function checkExact(logarithm: number): number {
  if (logarithm > 1e-3) throw new Error(`an exact reading gave ln p = ${logarithm}, which is above 0`);
  return logarithm;
}

/** What a concept's score names: the words of the tap where it is strongest. */
export interface Strongest {
  readonly resolved: Pick<MatchedWords, "names" | "nameOfToken">;
  readonly reading: Reading | undefined;
  readonly tap: string | undefined;
}

/** A score that knows its words; sorting them out takes longer than the score, and only a firing asks for them. */
export class ConceptScore implements RawScore {
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

/** Softmax over the concept's own tokens, the variants of a word added up: the three strongest names, strongest first. */
export function shareByName(
  { names, nameOfToken }: Pick<MatchedWords, "names" | "nameOfToken">,
  logits: Float32Array, // [tokens]
): NamedShare[] {
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
