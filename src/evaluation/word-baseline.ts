import { assignFolds } from "../training/folds.ts";
import { bagOfWordsScores } from "./bag-of-words.ts";

/** Texts with labels, 0 or 1, and groups, all [n]. */
export interface WordRows {
  readonly texts: readonly string[];
  readonly labels: Uint8Array;
  readonly groups: readonly string[];
}

const FOLDS = 5;
const FEWEST_ROWS = 4;
const MOST_CHARACTERS = 40_000_000;
const FEWEST_CHARACTERS = 400;

/**
 * Scores [n] of a bag of words that never saw a text's group, or undefined where leaving groups out leaves too little to learn from.
 * Of very many texts only the beginnings count, so that their words fit into memory.
 */
export function wordBaseline({ texts, labels, groups }: WordRows): Float64Array | undefined {
  const count = Math.min(FOLDS, new Set(groups).size);
  if (count < 2) return undefined;
  const folds = assignFolds(groups, count, 1);
  for (let fold = 0; fold < count; fold += 1) {
    const rest = [...labels].filter((_, row) => folds[row] !== fold);
    if (rest.length < FEWEST_ROWS || !rest.includes(0) || !rest.includes(1)) return undefined;
  }
  const most = Math.max(FEWEST_CHARACTERS, Math.floor(MOST_CHARACTERS / Math.max(1, texts.length)));
  return bagOfWordsScores(
    texts.map((text) => text.slice(0, most)),
    labels,
    { folds },
  );
}
