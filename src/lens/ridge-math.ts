/** Sums over positions that a linear regression needs, in float64. */
export interface RegressionSums {
  readonly inputs: number;
  readonly outputs: number;
  count: number;
  readonly inputSum: Float64Array; // [inputs]
  readonly outputSum: Float64Array; // [outputs]
  /** Σ x xᵀ. */
  readonly gram: Float64Array; // [inputs, inputs]
  /** Σ x yᵀ. */
  readonly cross: Float64Array; // [inputs, outputs]
}

/** No positions yet. */
export function createRegressionSums(inputs: number, outputs: number): RegressionSums {
  return {
    inputs,
    outputs,
    count: 0,
    inputSum: new Float64Array(inputs),
    outputSum: new Float64Array(outputs),
    gram: new Float64Array(inputs * inputs),
    cross: new Float64Array(inputs * outputs),
  };
}

/** Adds the sums of some positions: rows `[count, inputs]` and `[count, outputs]`, and their products. */
export function addToSums(
  sums: RegressionSums,
  part: {
    readonly count: number;
    readonly x: Float32Array;
    readonly y: Float32Array;
    readonly gram: Float32Array;
    readonly cross: Float32Array;
  },
): void {
  sums.count += part.count;
  addRows(sums.inputSum, part.x);
  addRows(sums.outputSum, part.y);
  addRows(sums.gram, part.gram);
  addRows(sums.cross, part.cross);
}

/** Adds rows of the sum's own length to it, one after the other. */
function addRows(sum: Float64Array, rows: Float32Array): void {
  const width = sum.length;
  for (let from = 0; from < rows.length; from += width) {
    for (let index = 0; index < width; index += 1) sum[index]! += rows[from + index]!;
  }
}

/** y ≈ matrix · x + bias. */
export interface LinearFit {
  readonly matrix: Float32Array; // [outputs, inputs]
  readonly bias: Float32Array; // [outputs]
}

/**
 * Ridge regression in closed form, centred, so that the bias is not shrunk. `strength` is a share of the mean variance of the
 * inputs. Throws for too few positions and for sums that are not finite.
 */
export function solveRidge(sums: RegressionSums, strength: number): LinearFit {
  const { inputs, outputs, count, inputSum, outputSum } = sums;
  if (count < 2) throw new Error(`${count} positions are too few to fit on`);
  const covariance = new Float64Array(inputs * inputs); // [inputs, inputs]
  let trace = 0;
  for (let row = 0; row < inputs; row += 1) {
    for (let column = 0; column < inputs; column += 1) {
      const at = row * inputs + column;
      covariance[at] = (sums.gram[at]! - (inputSum[row]! * inputSum[column]!) / count) / count;
    }
    trace += covariance[row * inputs + row]!;
  }
  if (!Number.isFinite(trace)) throw new Error("the activations are not finite");
  const added = (strength * trace) / inputs + 1e-12;
  for (let row = 0; row < inputs; row += 1) covariance[row * inputs + row]! += added;
  const solution = new Float64Array(inputs * outputs); // [inputs, outputs]
  for (let row = 0; row < inputs; row += 1) {
    for (let column = 0; column < outputs; column += 1) {
      const at = row * outputs + column;
      solution[at] = (sums.cross[at]! - (inputSum[row]! * outputSum[column]!) / count) / count;
    }
  }
  solvePositive(covariance, solution, { size: inputs, outputs });
  return finishFit(sums, solution);
}

function finishFit({ inputs, outputs, count, inputSum, outputSum }: RegressionSums, solution: Float64Array): LinearFit {
  const matrix = new Float32Array(outputs * inputs); // [outputs, inputs]
  const bias = new Float32Array(outputs); // [outputs]
  for (let output = 0; output < outputs; output += 1) {
    let offset = outputSum[output]! / count;
    for (let input = 0; input < inputs; input += 1) {
      const weight = solution[input * outputs + output]!;
      matrix[output * inputs + input] = weight;
      offset -= (weight * inputSum[input]!) / count;
    }
    bias[output] = offset;
  }
  return { matrix, bias };
}

/** Solves A X = B in place by Cholesky: A `[size, size]` symmetric and positive, B `[size, outputs]` becomes X. */
export function solvePositive(a: Float64Array, b: Float64Array, of: { size: number; outputs: number }): void {
  const { size, outputs } = of;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = a[row * size + column]!;
      for (let inner = 0; inner < column; inner += 1) sum -= a[row * size + inner]! * a[column * size + inner]!;
      if (row !== column) a[row * size + column] = sum / a[column * size + column]!;
      else if (sum > 0) a[row * size + row] = Math.sqrt(sum);
      else throw new Error("the matrix is not positive; take a larger strength");
    }
  }
  // Whole rows of B at a time: its columns lie far apart in memory.
  for (let row = 0; row < size; row += 1) {
    for (let inner = 0; inner < row; inner += 1) {
      subtractRow(b, { to: row, from: inner, factor: a[row * size + inner]!, outputs });
    }
    divideRow(b, { row, by: a[row * size + row]!, outputs });
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let inner = row + 1; inner < size; inner += 1) {
      subtractRow(b, { to: row, from: inner, factor: a[inner * size + row]!, outputs });
    }
    divideRow(b, { row, by: a[row * size + row]!, outputs });
  }
}

function subtractRow(b: Float64Array, of: { to: number; from: number; factor: number; outputs: number }): void {
  const { to, from, factor, outputs } = of;
  for (let column = 0; column < outputs; column += 1) b[to * outputs + column]! -= factor * b[from * outputs + column]!;
}

function divideRow(b: Float64Array, { row, by, outputs }: { row: number; by: number; outputs: number }): void {
  for (let column = 0; column < outputs; column += 1) b[row * outputs + column]! /= by;
}
