import { drawsFrom, shuffled } from "../training/random.ts";
import { fitKernelRidge } from "../training/ridge.ts";

/** The fold of every text [n], how strongly fits are held back (1), and how many rows a fit takes at most (3,000). */
export interface BagOfWordsOptions {
  readonly folds: Int32Array;
  readonly lambda?: number;
  readonly mostRows?: number;
}

// A fit of 3,000 rows takes about 3 s; more rows change a bag of words little.
const MOST_ROWS = 3000;
const WORD = /[\p{L}\p{M}\p{N}']+/gu;

/**
 * What words alone tell: the score [n] of every text by a ridge on the words and word pairs in it (present or not, each text of length 1), fitted on the
 * other folds. Rows of other folds beyond the most are left out, drawn by a fixed seed. Throws as `fitKernelRidge` does.
 */
export function bagOfWordsScores(
  texts: readonly string[],
  labels: Uint8Array,
  { folds, lambda = 1, mostRows = MOST_ROWS }: BagOfWordsOptions,
): Float64Array {
  const bags = numberWords(texts);
  const scores = new Float64Array(texts.length);
  for (const fold of new Set(folds)) {
    const { weights, intercept } = fitWords(bags, labels, { rows: rowsWithout(fold, folds, mostRows), lambda });
    bags.forEach((bag, row) => {
      if (folds[row] !== fold) return;
      let score = intercept;
      for (const word of bag) score += (weights.get(word) ?? 0) / Math.sqrt(bag.length);
      scores[row] = score;
    });
  }
  return scores;
}

/** The words and pairs of neighbouring words of a text, each once, in lower case. */
export function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(WORD) ?? [];
  return new Set([...words, ...words.slice(1).map((word, at) => `${words[at]} ${word}`)]);
}

function numberWords(texts: readonly string[]): Int32Array[] {
  const numbers = new Map<string, number>();
  const numberOf = (word: string): number => {
    const known = numbers.get(word) ?? numbers.size;
    numbers.set(word, known);
    return known;
  };
  return texts.map((text) => Int32Array.from([...wordsOf(text)], numberOf));
}

function rowsWithout(fold: number, folds: Int32Array, most: number): readonly number[] {
  const rows = [...folds.keys()].filter((row) => folds[row] !== fold);
  return rows.length <= most ? rows : shuffled(rows, drawsFrom(1)).slice(0, most);
}

function fitWords(
  bags: readonly Int32Array[],
  labels: Uint8Array,
  { rows, lambda }: { rows: readonly number[]; lambda: number },
): { weights: ReadonlyMap<number, number>; intercept: number } {
  const known = rows.map((row) => bags[row]!);
  const fit = fitKernelRidge(
    kernelOf(known),
    Uint8Array.from(rows, (row) => labels[row]!),
    { lambda },
  );
  const weights = new Map<number, number>();
  known.forEach((bag, at) => {
    const share = fit.alpha[at]! / Math.sqrt(bag.length);
    for (const word of bag) weights.set(word, (weights.get(word) ?? 0) + share);
  });
  return { weights, intercept: fit.intercept };
}

// Shared words over the root of both sizes, [n, n]; filled word by word from the rows that have it.
function kernelOf(bags: readonly Int32Array[]): Float64Array {
  const n = bags.length;
  const rowsOf = new Map<number, number[]>();
  const kernel = new Float64Array(n * n);
  bags.forEach((bag, row) => {
    for (const word of bag) {
      const rows = rowsOf.get(word) ?? [];
      rows.push(row);
      rowsOf.set(word, rows);
      for (const other of rows) kernel[row * n + other]! += 1;
    }
  });
  for (let row = 0; row < n; row += 1) {
    for (let other = 0; other <= row; other += 1) {
      const shared = kernel[row * n + other]! / Math.sqrt(Math.max(1, bags[row]!.length * bags[other]!.length));
      kernel[row * n + other] = shared;
      kernel[other * n + row] = shared;
    }
  }
  return kernel;
}
