// The same as src/visible-text.ts, for the browser; a test holds the two together.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u;

function markOf(character, singleLine, atEnd) {
  if (character === " ") return singleLine && atEnd ? "␣" : undefined;
  if (character === "\n") return singleLine ? "↵" : undefined;
  if (character === "\t") return singleLine ? "⇥" : undefined;
  if (!UNSEEN.test(character)) return undefined;
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Splits text into `{text, mark}`: marks stand for characters that hide or move text. */
export function visiblePieces(text, singleLine = false) {
  const pieces = [];
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const shown = markOf(character, singleLine, index === 0 || index === characters.length - 1);
    const last = pieces.at(-1);
    if (shown !== undefined) pieces.push({ text: shown, mark: true });
    else if (last === undefined || last.mark) pieces.push({ text: character, mark: false });
    else last.text += character;
  }
  return pieces;
}

/** The same as one text, for attributes. */
export function visibleText(text, singleLine = false) {
  return visiblePieces(text, singleLine)
    .map((piece) => piece.text)
    .join("");
}
