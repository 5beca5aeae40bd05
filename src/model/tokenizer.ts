import { Tokenizer as Library } from "@huggingface/tokenizers";
import { findPreTokenizer, type PreTokenizer } from "./pre-tokenizer.ts";
import { pieceOfText } from "./token-bytes.ts";
import { createTokenNames } from "./token-names.ts";
import { isAdded, isSpecialToken, type Vocabulary } from "./vocabulary.ts";

/** Ids, and for each the characters it covers, in UTF-16 units of `normalise(text)`. A split character belongs to each of its tokens. */
export interface SpannedIds {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A stretch of text: either one added token (`id`) or ordinary text. */
export interface Section {
  readonly text: string;
  readonly start: number;
  readonly id?: number;
}

/** Text to ids and back, for byte-level BPE. */
export interface Tokenizer {
  /** Tokens in the vocabulary. */
  readonly size: number;
  /** Special and other added tokens are never parsed: their text is encoded as text. A byte the vocabulary lacks gives no id, as in the reference. */
  encode(text: string): number[];
  /** `encode`, with the characters that each id covers. */
  encodeWithSpans(text: string): SpannedIds;
  /** For text that an operator or the model's publisher wrote: added tokens are parsed. */
  encodeWithSpecials(text: string): number[];
  /** Cuts text at added tokens, the longest at each place. */
  splitAtAdded(text: string): Section[];
  /** The text as it is encoded: in Unicode form NFC where the model wants that, else as it is. */
  normalise(text: string): string;
  /** Whether an id is a control, unknown or unused token. */
  isSpecial(id: number): boolean;
  /** The id whose piece is exactly this text; never an added token. */
  tokenOf(text: string): number | undefined;
  /** A token's text for display; a part of a character shows as U+FFFD, a special token under its name. Throws a `RangeError` for an id outside the vocabulary. */
  textOf(id: number): string;
}

// The library's own declarations import each other without extensions, which nodenext does not resolve.
interface Cutter {
  tokenize(text: string): string[];
}
const createCutter = (description: object): Cutter =>
  new (Library as unknown as new (description: object, options: object) => Cutter)(description, {});

// Stands for a byte that the vocabulary lacks; no piece holds a space.
const MISSING = "missing byte";

/** Builds the tokenizer. Throws an `Error` for an unknown `pre` or merges that do not fit the pieces. */
export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const rule = findPreTokenizer(vocabulary.pre);
  const ids = new Map<string, number>();
  vocabulary.pieces.forEach((piece, id) => {
    if (!isAdded(vocabulary, id) && !ids.has(piece)) ids.set(piece, id);
  });
  const library = createCutter(describe({ ids, rule, merges: splitMerges(vocabulary.merges, ids) }));
  const normalise = (text: string): string => (rule.normalised ? text.normalize("NFC") : text);
  const splitAtAdded = createSplitter(vocabulary);
  const cut = (text: string): string[] => library.tokenize(normalise(text));

  function encode(text: string): number[] {
    return cut(text).flatMap((piece) => ids.get(piece) ?? []);
  }

  return {
    size: vocabulary.pieces.length,
    encode,
    encodeWithSpans: (text) => locate(normalise(text), { pieces: cut(text), ids }),
    encodeWithSpecials: (text) => splitAtAdded(text).flatMap((section) => section.id ?? encode(section.text)),
    splitAtAdded,
    normalise,
    isSpecial: (id) => isSpecialToken(vocabulary, id),
    tokenOf: (text) => ids.get(pieceOfText(text)),
    textOf: createTokenNames(vocabulary),
  };
}

interface Parts {
  readonly ids: ReadonlyMap<string, number>;
  readonly rule: PreTokenizer;
  readonly merges: readonly (readonly [string, string])[];
}

// The vocabulary in the form of a tokenizer.json. It knows no added token, so it can parse none.
function describe({ ids, rule, merges }: Parts): object {
  const splits = rule.patterns.map((pattern) => ({
    type: "Split",
    pattern: { Regex: pattern },
    behavior: "Isolated",
    invert: false,
  }));
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [...splits, { type: "ByteLevel", add_prefix_space: false, use_regex: false }],
    },
    post_processor: null,
    decoder: null,
    model: { type: "BPE", vocab: Object.fromEntries(ids), merges, unk_token: MISSING, ignore_merges: rule.wholeFirst },
  };
}

function splitMerges(merges: readonly string[], ids: ReadonlyMap<string, number>): [string, string][] {
  return merges.map((merge) => {
    const [left = "", right = "", ...more] = merge.split(" ");
    if (more.length > 0 || !ids.has(left + right)) {
      throw new Error(`the merge "${merge}" gives no token of the vocabulary; take a complete GGUF`);
    }
    return [left, right];
  });
}

function createSplitter(vocabulary: Vocabulary): (text: string) => Section[] {
  const added = new Map<string, number>();
  vocabulary.pieces.forEach((piece, id) => {
    if (isAdded(vocabulary, id) && piece !== "") added.set(piece, id);
  });
  const longestFirst = [...added.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(
    longestFirst.map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join("|"),
    "g",
  );
  return (text) => {
    const sections: Section[] = [];
    let from = 0;
    for (const match of added.size === 0 ? [] : text.matchAll(pattern)) {
      if (match.index > from) sections.push({ text: text.slice(from, match.index), start: from });
      const id = added.get(match[0]);
      if (id !== undefined) sections.push({ text: match[0], start: match.index, id });
      from = match.index + match[0].length;
    }
    if (from < text.length) sections.push({ text: text.slice(from), start: from });
    return sections;
  };
}

// Pieces are byte by byte the text, so a running count of bytes says where each one lies.
function locate(
  text: string,
  { pieces, ids }: { pieces: readonly string[]; ids: ReadonlyMap<string, number> },
): SpannedIds {
  const spans: { ids: number[]; starts: number[]; ends: number[] } = { ids: [], starts: [], ends: [] };
  const cursor = createCursor(text);
  for (const piece of pieces) {
    const { start, end } = cursor(piece === MISSING ? 1 : piece.length);
    const id = ids.get(piece);
    if (id === undefined) continue;
    spans.ids.push(id);
    spans.starts.push(start);
    spans.ends.push(end);
  }
  return spans;
}

// Each call takes the next `count` bytes and gives the characters that they touch.
function createCursor(text: string): (count: number) => { start: number; end: number } {
  let unit = 0; // first UTF-16 unit of the character under the cursor
  let done = 0; // bytes of that character already taken
  return (count) => {
    const start = unit;
    let end = unit;
    for (let left = count; left > 0;) {
      const code = text.codePointAt(unit) ?? 0;
      const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      const units = code < 0x10000 ? 1 : 2;
      const taken = Math.min(left, bytes - done);
      left -= taken;
      done += taken;
      end = unit + units;
      if (done === bytes) {
        unit = end;
        done = 0;
      }
    }
    return { start, end };
  };
}
