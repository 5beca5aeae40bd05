/** Says of each id once that it is new, for the first `most` of them: what fails at every look is to be told of once, and a flood not at all. */
export function createFirstTimes(most = 100): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (seen.has(id) || seen.size >= most) return false;
    seen.add(id);
    return true;
  };
}
