import { visiblePieces, visibleText } from "../visible-text.ts";

/** HTML that may be written as it stands. Plain data is never one, whatever fields it has. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What a template takes: markup as it stands; a text or number, escaped. */
export type MarkupPart = Markup | readonly Markup[] | string | number;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** A text for HTML, in an element or in a quoted attribute, with unseen characters written out. */
export function escapeHtml(text: string): string {
  return visibleText(text).replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? "");
}

/** The template tag of all HTML here: what is put in is escaped, unless it is markup already. */
export function markup(fixed: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  const text = fixed.map((piece, index) => piece + (index < parts.length ? partText(parts[index]) : "")).join("");
  return new Markup(text);
}

/** A text by someone else, in one line unless `lines`: direction kept to itself, unseen characters as marks that look like marks. */
export function written(text: string, lines = false): Markup {
  const pieces = visiblePieces(text, !lines).map((piece) =>
    piece.mark ? markup`<span class="mark">${piece.text}</span>` : markup`${piece.text}`,
  );
  return markup`<bdi>${pieces}</bdi>`;
}

function partText(part: MarkupPart | undefined): string {
  if (part instanceof Markup) return part.toString();
  if (Array.isArray(part)) return part.map((one: unknown) => partText(one as MarkupPart)).join("");
  return escapeHtml(String(part));
}
