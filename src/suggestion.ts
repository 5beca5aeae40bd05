/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function editDistance(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  a.forEach((letter, row) => {
    const current = [row + 1];
    b.forEach((other, column) => {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const swapped =
        letter === b[column - 1] && a[row - 1] === other ? (beforePrevious[column - 1] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(replaced, swapped, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    });
    [beforePrevious, previous] = [previous, current];
  });
  return previous[b.length] ?? 0;
}

/** The candidate that a misspelt word most likely meant: at most a third of it differs, or one begins with the other; else undefined. */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  const near = ranked.find(({ distance }) => distance <= Math.max(1, Math.floor(word.length / 3)));
  return (near ?? ranked.find(({ candidate }) => isLonger(word, candidate) || isLonger(candidate, word)))?.candidate;
}

function isLonger(long: string, short: string): boolean {
  return short.length >= 3 && long.toLowerCase().startsWith(short.toLowerCase());
}

/** A cure for a name that is not known: the nearest one, else the whole list. */
export function suggestWord(word: string, candidates: readonly string[]): string {
  const closest = closestWord(word, candidates);
  if (closest !== undefined) return `did you mean "${closest}"?`;
  return candidates.length === 0 ? "remove it" : `use one of ${[...candidates].sort().join(", ")}`;
}
