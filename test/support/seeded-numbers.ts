/** Numbers from 0 to 1 (1 left out) that are the same at every run (a 32-bit congruential generator). */
export function seededNumbers(seed: number, count: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}
