/** A part of a text: as it stands, or a character that does not show, written out. */
export interface TextPiece {
  readonly text: string;
  /** True for a mark like `⟨U+202E⟩` that stands for a character which hides or moves text. */
  readonly mark: boolean;
}

// Control, format (bidi, zero width, tags), surrogate halves, private use, separators, unusual spaces, ignorables, the blank braille cell.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Splits model text for display, so that nothing in it hides, reorders or drives a terminal. A plain space stays; line
 * feeds and tabs stay unless `singleLine`, where they and a space at either end become marks. `review/web/visible-text.js` does the same in the browser.
 */
export function visiblePieces(text: string, singleLine = false): TextPiece[] {
  const pieces: { text: string; mark: boolean }[] = [];
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const atEnd = index === 0 || index === characters.length - 1;
    const shown = markOf(character, singleLine, atEnd);
    const last = pieces.at(-1);
    if (shown !== undefined) pieces.push({ text: shown, mark: true });
    else if (last === undefined || last.mark) pieces.push({ text: character, mark: false });
    else last.text += character;
  }
  return pieces;
}

/** The same as one text, for a terminal: no escape sequence and no direction change survives. */
export function visibleText(text: string, singleLine = false): string {
  return visiblePieces(text, singleLine)
    .map((piece) => piece.text)
    .join("");
}

/** JSON of a value, with everything that `visibleText` would mark as an escape sequence: the same value, safe in a terminal. */
export function visibleJson(value: unknown): string {
  const escaped = (character: string) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join("");
  return Array.from(JSON.stringify(value, null, 2), (character) =>
    character !== "\n" && character !== " " && UNSEEN.test(character) ? escaped(character) : character,
  ).join("");
}

function markOf(character: string, singleLine: boolean, atEnd: boolean): string | undefined {
  if (character === " ") return singleLine && atEnd ? "␣" : undefined;
  if (character === "\n") return singleLine ? "↵" : undefined;
  if (character === "\t") return singleLine ? "⇥" : undefined;
  if (!UNSEEN.test(character)) return undefined;
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
