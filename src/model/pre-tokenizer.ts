/** How a text is cut before merging. */
export interface PreTokenizer {
  /** Patterns applied one after the other; each isolates its matches. JavaScript syntax with the `u` flag. */
  readonly patterns: readonly string[];
  /** Whether the text is brought into Unicode form NFC first. */
  readonly normalised: boolean;
  /** Whether a cut that is itself a token is taken whole, without merging. */
  readonly wholeFirst: boolean;
}

// The reference's \s is Unicode's White_Space, which is not JavaScript's \s (U+0085 is in, U+FEFF is not).
const SPACE = String.raw`\p{White_Space}`;
const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^${SPACE}\p{L}\p{N}]+|${SPACE}+(?!\P{White_Space})|${SPACE}+`;
// Case-blind as the reference is: U+017F folds to s.
const SUFFIXES = String.raw`'[sS\u017F]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]`;

function splitLikeLlama3(digits: string): string {
  const words = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
  const signs = String.raw` ?[^${SPACE}\p{L}\p{N}]+[\r\n]*`;
  const spaces = String.raw`${SPACE}*[\r\n]+|${SPACE}+(?!\P{White_Space})|${SPACE}+`;
  return [SUFFIXES, words, digits, signs, spaces].join("|");
}

const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": { patterns: [GPT2], normalised: false, wholeFirst: false },
  smollm: { patterns: [String.raw`\p{N}`, GPT2], normalised: false, wholeFirst: false },
  "llama-bpe": { patterns: [splitLikeLlama3(String.raw`\p{N}{1,3}`)], normalised: false, wholeFirst: true },
  qwen2: { patterns: [splitLikeLlama3(String.raw`\p{N}`)], normalised: true, wholeFirst: false },
};

/** The rule that `tokenizer.ggml.pre` names. Throws an `Error` that lists the known ones. */
export function findPreTokenizer(name: string): PreTokenizer {
  const found = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined;
  if (found) return found;
  const known = Object.keys(PRE_TOKENIZERS).join(", ");
  throw new Error(
    `tokenizer.ggml.pre "${name}" is not supported, and another rule would give other ids; take a model with one of ${known}`,
  );
}
