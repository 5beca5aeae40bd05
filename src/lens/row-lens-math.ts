/** The final norm of rows: row / rms(row) × weight. `[rows × hidden]` → the same shape. */
export function normRows(rows: Float32Array, weight: Float32Array, epsilon: number): Float32Array {
  const hidden = weight.length;
  const normed = new Float32Array(rows.length); // [rows, hidden]
  for (let start = 0; start < rows.length; start += hidden) {
    let square = 0;
    for (let index = start; index < start + hidden; index += 1) square += rows[index]! * rows[index]!;
    const scale = 1 / Math.sqrt(square / hidden + epsilon);
    for (let index = 0; index < hidden; index += 1)
      normed[start + index] = rows[start + index]! * scale * weight[index]!;
  }
  return normed;
}

/** `[rows, columns]` → `[columns, rows]`. */
export function transpose(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  const turned = new Float32Array(matrix.length); // [columns, rows]
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) turned[column * rows + row] = matrix[row * columns + column]!;
  }
  return turned;
}

/** Log-sum-exp of every row: `[rows × columns]` → `[rows]`. */
export function logSumExpRows(matrix: Float32Array, columns: number): Float32Array {
  const sums = new Float32Array(matrix.length / columns); // [rows]
  for (let row = 0; row < sums.length; row += 1) {
    const start = row * columns;
    let highest = -Infinity;
    for (let index = start; index < start + columns; index += 1) highest = Math.max(highest, matrix[index]!);
    let total = 0;
    for (let index = start; index < start + columns; index += 1) total += Math.exp(matrix[index]! - highest);
    sums[row] = highest + Math.log(total);
  }
  return sums;
}

/** How many of the columns' products with a row lie below a value: `rows [n, hidden]`, `direction [hidden]`. */
export function countBelow(rows: Float32Array, direction: Float32Array, value: number): number {
  const hidden = direction.length;
  let below = 0;
  for (let start = 0; start < rows.length; start += hidden) {
    let product = 0;
    for (let index = 0; index < hidden; index += 1) product += rows[start + index]! * direction[index]!;
    if (product < value) below += 1;
  }
  return below;
}
