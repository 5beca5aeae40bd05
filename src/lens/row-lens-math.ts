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
    for (let index = start; index < start + columns; index += 1) if (matrix[index]! > highest) highest = matrix[index]!;
    let total = 0;
    for (let index = start; index < start + columns; index += 1) total += Math.exp(matrix[index]! - highest);
    sums[row] = highest + Math.log(total);
  }
  return sums;
}

/** Ids of the largest differences `left − right`, the largest first; one walk, since a whole vocabulary is ranked at every tap. Both `[vocabulary]`. */
export function topDifferences(left: Float32Array, right: Float32Array | undefined, count: number): number[] {
  const ids: number[] = [];
  const values: number[] = [];
  let smallest = -Infinity;
  for (let id = 0; id < left.length; id += 1) {
    const value = right === undefined ? left[id]! : left[id]! - right[id]!;
    if (!(value > smallest) && ids.length >= count) continue;
    if (Number.isNaN(value)) continue;
    let place = ids.length;
    while (place > 0 && values[place - 1]! < value) place -= 1;
    ids.splice(place, 0, id);
    values.splice(place, 0, value);
    if (ids.length > count) {
      ids.pop();
      values.pop();
    }
    if (ids.length === count) smallest = values[count - 1]!;
  }
  return ids;
}

/** How many rows have a smaller product with a direction than `row` has: `rows [n, hidden]`, `row` and `direction` `[hidden]`. */
export function countBelow(rows: Float32Array, row: Float32Array, direction: Float32Array): number {
  const hidden = direction.length;
  const own = dotAt(row, 0, direction);
  let below = 0;
  for (let start = 0; start < rows.length; start += hidden) if (dotAt(rows, start, direction) < own) below += 1;
  return below;
}

// Four sums at a time: one alone waits for itself at every addition.
function dotAt(rows: Float32Array, start: number, direction: Float32Array): number {
  const hidden = direction.length;
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let index = 0;
  for (; index + 3 < hidden; index += 4) {
    first += rows[start + index]! * direction[index]!;
    second += rows[start + index + 1]! * direction[index + 1]!;
    third += rows[start + index + 2]! * direction[index + 2]!;
    fourth += rows[start + index + 3]! * direction[index + 3]!;
  }
  for (; index < hidden; index += 1) first += rows[start + index]! * direction[index]!;
  return first + second + (third + fourth);
}

/** Multiplies a row in place. */
export function scaleRow(row: Float32Array, scale: number): void {
  for (let index = 0; index < row.length; index += 1) row[index] = row[index]! * scale;
}
