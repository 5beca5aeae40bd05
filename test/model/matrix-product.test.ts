import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMatrixProduct, type Matrix, type MatrixProduct } from "../../src/model/matrix-product.ts";

let product: MatrixProduct;
beforeAll(async () => {
  product = await openMatrixProduct({ threads: 1 });
});
afterAll(() => product.close());

function matrix(rows: number, columns: number): Matrix {
  const data = Float32Array.from({ length: rows * columns }, (_, index) => Math.sin(index * 1.7 + rows)); // [rows, columns]
  return { data, rows, columns };
}

function at({ data, columns }: Matrix, row: number, column: number): number {
  return data[row * columns + column] ?? NaN;
}

describe("a matrix product", () => {
  it("is the sum over the inner dimension, whatever the shapes", async () => {
    for (const [n, k, m] of [
      [3, 5, 2],
      [1, 4, 7],
      [6, 1, 1],
    ] as const) {
      const [a, b] = [matrix(n, k), matrix(k, m)];
      const result = await product.multiply(a, b);
      expect([result.rows, result.columns]).toEqual([n, m]);
      for (let row = 0; row < n; row += 1) {
        for (let column = 0; column < m; column += 1) {
          let sum = 0;
          for (let inner = 0; inner < k; inner += 1) sum += at(a, row, inner) * at(b, inner, column);
          expect(at(result, row, column)).toBeCloseTo(sum, 5);
        }
      }
    }
  });

  it("can take the first matrix transposed: rows become columns", async () => {
    const [a, b] = [matrix(6, 3), matrix(6, 2)];
    const turned = {
      rows: 3,
      columns: 6,
      data: Float32Array.from({ length: 18 }, (_, i) => at(a, i % 6, (i - (i % 6)) / 6)),
    };
    const result = await product.multiplyTransposed(a, b);
    const expected = await product.multiply(turned, b);
    expect([result.rows, result.columns]).toEqual([3, 2]);
    result.data.forEach((value, index) => expect(value).toBeCloseTo(expected.data[index] ?? NaN, 5));
  });

  it("keeps NaN where it came from a row", async () => {
    const a = matrix(2, 3);
    a.data[0] = NaN;
    const { data } = await product.multiply(a, matrix(3, 2));
    expect(Array.from(data, Number.isNaN)).toEqual([true, true, false, false]);
  });

  it("refuses shapes that do not fit", async () => {
    await expect(product.multiply(matrix(2, 3), matrix(2, 3))).rejects.toThrow(
      "[2, 3] and [2, 3] share no inner dimension",
    );
    await expect(product.multiplyTransposed(matrix(2, 3), matrix(3, 3))).rejects.toThrow(RangeError);
    await expect(product.multiply({ ...matrix(2, 3), rows: 3 }, matrix(3, 3))).rejects.toThrow(
      "6 numbers are no matrix [3, 3]",
    );
  });
});
