/**
 * From which place on an answer is first and stays first: the index of the first entry from which all that follow are true;
 * null when the last one is not. Entries lie in the order of computation.
 */
export function emergesAt(isFirst: readonly boolean[]): number | null {
  const lastMiss = isFirst.lastIndexOf(false);
  return lastMiss === isFirst.length - 1 ? null : lastMiss + 1;
}
