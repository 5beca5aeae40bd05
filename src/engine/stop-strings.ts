/** Index where the stop string begins that is complete first in `text`, looking from `from` on; undefined without one. */
export function findStop(text: string, stop: readonly string[], from: number): number | undefined {
  let first: { readonly at: number; readonly end: number } | undefined;
  for (const each of stop) {
    const at = text.indexOf(each, from);
    if (at < 0) continue;
    const end = at + each.length;
    // By its end, not its beginning: so it does not matter how many characters came with one token.
    if (!first || end < first.end || (end === first.end && at < first.at)) first = { at, end };
  }
  return first?.at;
}

/** How many characters at the end of `text` could be the beginning of a stop string. */
export function possibleStop(text: string, stop: readonly string[]): number {
  let most = 0;
  for (const each of stop) {
    for (let length = Math.min(each.length - 1, text.length); length > most; length -= 1) {
      if (text.endsWith(each.slice(0, length))) most = length;
    }
  }
  return most;
}
