import { describe, expect, it } from "vitest";
import { addToSums, createRegressionSums, solvePositive, solveRidge } from "../../src/lens/ridge-math.ts";
import { openMatrixProduct } from "../../src/model/matrix-product.ts";

const [INPUTS, OUTPUTS] = [5, 3];

function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(seed + index * index * 0.37) * 3);
}

async function sumsOf(x: Float32Array, y: Float32Array, cut = x.length / INPUTS) {
  const product = await openMatrixProduct({ threads: 1 });
  const sums = createRegressionSums(INPUTS, OUTPUTS);
  for (let row = 0; row < x.length / INPUTS; row += cut) {
    const count = Math.min(cut, x.length / INPUTS - row);
    const part = {
      x: { data: x.slice(row * INPUTS, (row + count) * INPUTS), rows: count, columns: INPUTS },
      y: { data: y.slice(row * OUTPUTS, (row + count) * OUTPUTS), rows: count, columns: OUTPUTS },
    };
    const gram = await product.multiplyTransposed(part.x, part.x);
    const cross = await product.multiplyTransposed(part.x, part.y);
    addToSums(sums, { count, x: part.x.data, y: part.y.data, gram: gram.data, cross: cross.data });
  }
  await product.close();
  return sums;
}

const matrix = numbers(OUTPUTS * INPUTS, 7); // [OUTPUTS, INPUTS]
const bias = Float32Array.of(4, -2, 0.5);
const x = numbers(40 * INPUTS, 1);
const y = Float32Array.from({ length: 40 * OUTPUTS }, (_, at) => {
  const [row, output] = [Math.floor(at / OUTPUTS), at % OUTPUTS];
  let sum = bias[output] ?? NaN;
  for (let input = 0; input < INPUTS; input += 1) {
    sum += (matrix[output * INPUTS + input] ?? NaN) * (x[row * INPUTS + input] ?? NaN);
  }
  return sum;
});

describe("ridge regression", () => {
  it("finds the map that made the outputs, whole or added up in parts", async () => {
    for (const cut of [40, 7]) {
      const fit = solveRidge(await sumsOf(x, y, cut), 1e-9);
      fit.matrix.forEach((value, index) => expect(value).toBeCloseTo(matrix[index] ?? NaN, 3));
      fit.bias.forEach((value, index) => expect(value).toBeCloseTo(bias[index] ?? NaN, 3));
    }
  });

  it("shrinks the matrix with its strength, and says the mean output where nothing is left of it", async () => {
    const sums = await sumsOf(x, y);
    const size = ({ matrix: of }: { matrix: Float32Array }) => of.reduce((sum, value) => sum + value * value, 0);
    const sizes = [1e-6, 1, 1e6].map((strength) => size(solveRidge(sums, strength)));
    expect(sizes).toEqual(sizes.toSorted((left, right) => right - left));
    const flat = solveRidge(sums, 1e9);
    flat.bias.forEach((value, output) => {
      const column = Array.from({ length: 40 }, (_, row) => y[row * OUTPUTS + output] ?? NaN);
      expect(value).toBeCloseTo(column.reduce((sum, each) => sum + each, 0) / 40, 3);
    });
  });

  it("fits inputs that do not vary: fewer positions than inputs", async () => {
    const fit = solveRidge(await sumsOf(x.slice(0, 3 * INPUTS), y.slice(0, 3 * OUTPUTS)), 0.01);
    expect([...fit.matrix, ...fit.bias].every(Number.isFinite)).toBe(true);
  });

  it("refuses one position, and activations that are not finite", async () => {
    const one = await sumsOf(x.slice(0, INPUTS), y.slice(0, OUTPUTS));
    expect(() => solveRidge(one, 0.01)).toThrow("1 positions are too few to fit on");
    const broken = x.slice();
    broken[3] = NaN;
    const sums = await sumsOf(broken, y);
    expect(() => solveRidge(sums, 0.01)).toThrow("the activations are not finite");
  });
});

describe("solving", () => {
  it("gives X of A X = B, and refuses what is not positive", () => {
    const b = Float64Array.of(1, 2, 3, 4);
    solvePositive(Float64Array.of(4, 1, 1, 3), b, { size: 2, outputs: 2 });
    const [a = NaN, c = NaN, d = NaN, e = NaN] = b;
    [4 * a + d, 4 * c + e, a + 3 * d, c + 3 * e].forEach((value, index) => expect(value).toBeCloseTo(index + 1, 10));
    expect(() => solvePositive(Float64Array.of(-1), Float64Array.of(1), { size: 1, outputs: 1 })).toThrow(
      "not positive",
    );
  });
});
