/** How far rows lie from each other: |actual − expected| / |expected|, both in L2. Rows of other lengths are infinitely far. */
export function relativeDistance(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length || expected.length === 0) return Infinity;
  let off = 0;
  let norm = 0;
  for (let index = 0; index < expected.length; index += 1) {
    off += ((actual[index] ?? 0) - (expected[index] ?? 0)) ** 2;
    norm += (expected[index] ?? 0) ** 2;
  }
  return Math.sqrt(off / norm);
}
