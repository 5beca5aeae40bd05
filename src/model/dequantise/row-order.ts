/**
 * Llama GGUFs store the rows of the query and key matrices for interleaved rotation (pair by pair); this puts them back in
 * half-split order. The array holds `rows` rows of like length, or one value a row and block; gives a new array. `[rows, …]`
 */
export function unpermute<T extends Float32Array | Uint8Array>(
  values: T,
  { rows, heads }: { rows: number; heads: number },
): T {
  const half = rows / heads / 2;
  const length = values.length / rows;
  if (!Number.isInteger(half) || !Number.isInteger(length)) {
    throw new Error(`${values.length} values in ${rows} rows do not divide into ${heads} heads of even size`);
  }
  const ordered = values.slice();
  for (let row = 0; row < rows; row += 1) {
    const head = Math.floor(row / (2 * half));
    const inside = row % (2 * half);
    const source = head * 2 * half + (inside % half) * 2 + Math.floor(inside / half);
    ordered.set(values.subarray(source * length, (source + 1) * length), row * length);
  }
  return ordered as T;
}
