import { z } from "zod";
import { OptionError, type ResolveContext } from "./kind.ts";

const word = z.union([
  z.string().min(1),
  z.strictObject({ word: z.string().min(1), as: z.string().min(1).optional() }),
]);

/** The options that say which words a concept is made of. */
export const wordFields = {
  /** The concept's words; `as` is the name that is reported for a word. */
  words: z.array(word).min(1),
  /** `whole` takes words with a token of their own, `first_piece` also the first token of longer ones. */
  match: z.enum(["whole", "first_piece"]).default("whole"),
  /** `both` also tries the other case of the first letter. */
  first_letter: z.enum(["both", "as_written"]).default("both"),
};

/** The part of a kind's options that says which words a concept is made of. */
export interface WordOptions {
  readonly words: readonly (string | { readonly word: string; readonly as?: string | undefined })[];
  readonly match: "whole" | "first_piece";
  readonly first_letter: "both" | "as_written";
}

/** A concept as tokens: `nameOfToken[n]` is the index in `names` of what `tokens[n]` stands for. */
export interface MatchedWords {
  /** Vocabulary ids without repeats. `[tokens]` */
  readonly tokens: readonly number[];
  readonly names: readonly string[];
  /** `[tokens]` */
  readonly nameOfToken: readonly number[];
  /** Lines for `lensgate check`: words with no token, words that stand by their first piece, tokens that two words claim. */
  readonly notes: readonly string[];
}

/** The tokens of a concept, of which there must be one; throws `OptionError` where there is none. */
export function requireWords(options: WordOptions, context: ResolveContext): MatchedWords {
  const matched = matchWords(options, context);
  if (matched.tokens.length === 0) throw noToken(options.match);
  return matched;
}

/** Finds the tokens of every word, each with and without a leading space and in both cases of its first letter. */
export function matchWords(options: WordOptions, context: ResolveContext): MatchedWords {
  const owners = new Map<number, string>();
  const unmatched: string[] = [];
  const pieces: string[] = [];
  const shared: string[] = [];
  for (const entry of options.words) {
    const { word, as: name = word } = typeof entry === "string" ? { word: entry } : entry;
    const variants = spellWord(word, options.first_letter);
    const whole = variants.flatMap((variant) => context.tokenOf(variant) ?? []);
    const found = whole.length > 0 || options.match === "whole" ? whole : firstPieces(variants, context);
    if (found.length === 0) unmatched.push(word);
    if (whole.length === 0 && found.length > 0) pieces.push(`${word} (${quoteTokens(found, context)})`);
    for (const token of found) {
      const owner = owners.get(token) ?? name;
      owners.set(token, owner);
      if (owner !== name) shared.push(`${quoteTokens([token], context)} (${owner}, not ${name})`);
    }
  }
  const names = [...new Set(owners.values())];
  const indexOf = new Map(names.map((name, index) => [name, index]));
  return {
    tokens: [...owners.keys()],
    names,
    nameOfToken: [...owners.values()].map((name) => indexOf.get(name) ?? 0),
    notes: [
      ...noteList(options.match === "whole" ? "no single token for" : "no usable first piece for", unmatched),
      ...noteList("read by the first piece", pieces),
      ...noteList("claimed by two names, counted for the first", shared),
    ],
  };
}

function noToken(match: WordOptions["match"]): OptionError {
  const cure =
    match === "whole"
      ? "write match: first_piece, or add words that are single tokens"
      : "add words whose first token has more than one letter";
  return new OptionError(["words"], "the concept resolves to no token at all", cure);
}

function spellWord(word: string, firstLetter: "both" | "as_written"): string[] {
  const trimmed = word.trim();
  const [first = ""] = trimmed;
  const rest = trimmed.slice(first.length);
  const cases = firstLetter === "both" ? [trimmed, first.toUpperCase() + rest, first.toLowerCase() + rest] : [trimmed];
  return [...new Set(cases.flatMap((spelling) => [` ${spelling}`, spelling]))];
}

/** A first piece of one letter or of white space says nothing about the word, so it is never used. */
function firstPieces(variants: readonly string[], context: ResolveContext): number[] {
  const ids = variants.flatMap((variant) => context.encode(variant)[0] ?? []);
  return [...new Set(ids)].filter((id) => [...context.textOf(id).trim().replaceAll("\uFFFD", "")].length > 1);
}

function quoteTokens(tokens: readonly number[], context: ResolveContext): string {
  return tokens.map((token) => JSON.stringify(context.textOf(token))).join(", ");
}

function noteList(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`${title}: ${entries.join(", ")}`];
}
