import type { RedactedPattern } from "../config/privacy-config.ts";

/** A part of a text that is not stored, from `start` to before `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** A generated token as it is stored. */
export interface StoredToken {
  readonly id: number;
  readonly text: string;
}

/** Finds what is not stored. `known`: texts with their names of which no piece is stored wherever it stands. */
export type FindSpans = (text: string, known?: ReadonlyMap<string, string>) => Span[];

/** The id of a token that was taken out: no token has it. */
export const REDACTED_ID = -1;

/** Longer texts are looked at in windows, so that an expression's cost grows with the text and not with its square. */
const WINDOW = 1_024;
/** A match of this length is found wherever it stands; a longer one may be found in part. */
const OVERLAP = 256;
/** Shorter texts stand everywhere by chance. */
const SHORTEST_KNOWN = 4;
/** So many characters of a known text are not stored either; of a long one, in which every common word may stand, so many. */
const [PIECE, LONG, LONG_PIECE] = [6, 64, 20];

/** What stands in the place of a span. */
export function markOf(name: string): string {
  return `[redacted: ${name}]`;
}

/** Makes the search for some patterns, which must be sound. Spans come in order and do not overlap. */
export function createFinder(patterns: readonly RedactedPattern[]): FindSpans {
  const compiled = patterns.map(({ name, source, flags }) => ({ name, regex: new RegExp(source, `${flags}g`) }));
  return (text, known = new Map()) => {
    const spans = windowsOf(text).flatMap(([from, part]) =>
      compiled.flatMap(({ name, regex }) =>
        [...part.matchAll(regex)].map((match) => spanAt(from + match.index, match[0], name)),
      ),
    );
    for (const [secret, name] of known) spans.push(...findKnown(text, secret, name));
    return joinSpans(spans.filter(({ start, end }) => end > start));
  };
}

function windowsOf(text: string): [number, string][] {
  if (text.length <= WINDOW) return [[0, text]];
  const windows: [number, string][] = [];
  for (let from = 0; from < text.length - OVERLAP; from += WINDOW - OVERLAP)
    windows.push([from, text.slice(from, from + WINDOW)]);
  return windows;
}

function spanAt(start: number, text: string, name: string): Span {
  return { start, end: start + text.length, name };
}

/** Every piece of it, and where the text ends at its beginning. A model that repeats something may garble it. */
function findKnown(text: string, secret: string, name: string): Span[] {
  const { length } = secret;
  if (length < SHORTEST_KNOWN) return [];
  const size = Math.min(length, length > LONG ? LONG_PIECE : PIECE);
  const pieces = new Set(Array.from({ length: length - size + 1 }, (_, at) => secret.slice(at, at + size)));
  const spans: Span[] = [];
  for (let at = 0; at + size <= text.length; at += 1) {
    const piece = text.slice(at, at + size);
    if (pieces.has(piece)) spans.push(spanAt(at, piece, name));
  }
  for (let begun = Math.min(size - 1, text.length); begun >= SHORTEST_KNOWN; begun -= 1) {
    if (!text.endsWith(secret.slice(0, begun))) continue;
    spans.push(spanAt(text.length - begun, secret.slice(0, begun), name));
    break;
  }
  return spans;
}

function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((left, right) => left.start - right.start || right.end - left.end)) {
    const last = joined.at(-1);
    if (last === undefined || span.start >= last.end) joined.push(span);
    else if (span.end > last.end) joined[joined.length - 1] = { ...last, end: span.end };
  }
  return joined;
}

/** The text with a mark for each span. */
export function maskText(text: string, spans: readonly Span[]): string {
  let [masked, from] = ["", 0];
  for (const { start, end, name } of spans) {
    masked += text.slice(from, start) + markOf(name);
    from = end;
  }
  return masked + text.slice(from);
}

/** Tokens of which each that has a part in a span of their common text is taken out; the first of a span carries the mark. */
export function maskTokens(tokens: readonly StoredToken[], find: (text: string) => Span[]): StoredToken[] {
  const spans = find(tokens.map(({ text }) => text).join(""));
  const marked = new Set<Span>();
  let end = 0;
  return tokens.map((token) => {
    const start = end;
    end += token.text.length;
    const span = spans.find((each) => each.start < end && each.end > start);
    if (span === undefined) return token;
    const text = marked.has(span) ? "" : markOf(span.name);
    marked.add(span);
    return { id: REDACTED_ID, text };
  });
}
