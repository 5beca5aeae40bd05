/**
 * A list of texts as JSON of JSON texts, and back. The outer layer holds plain characters only: SQLite cuts a text at NUL and
 * Lua's decoder refuses half a surrogate pair. One element is compared as its own JSON text.
 */
export function packTexts(texts: readonly string[]): string {
  return JSON.stringify(texts.map((text) => JSON.stringify(text)));
}

/** Throws a `SyntaxError` for what `packTexts` did not make. */
export function unpackTexts(packed: string): string[] {
  return (JSON.parse(packed) as string[]).map((text) => JSON.parse(text) as string);
}
