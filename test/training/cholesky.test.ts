import { describe, expect, it } from "vitest";
import { factorise, solveInPlace } from "../../src/training/cholesky.ts";

/** A positive definite matrix [n, n]: products of rows [n, 5] plus `ridge` on the diagonal. */
function positive(n: number, ridge: number): Float64Array {
  const rows = Array.from({ length: n }, (_, i) => Array.from({ length: 5 }, (_column, k) => Math.sin(i * i + 3 * k)));
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [left = [], right = []] = [rows[Math.floor(at / n)], rows[at % n]];
    return left.reduce((sum, value, k) => sum + value * (right[k] ?? 0), at % (n + 1) === 0 ? ridge : 0);
  });
}

describe("the Cholesky factor", () => {
  it("is the known one of a 3 × 3 matrix, and the upper half stays as it was", () => {
    const matrix = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
    expect(factorise(matrix, 3)).toBe(true);
    expect([...matrix]).toEqual([2, 12, -16, 6, 1, -43, -8, 5, 3]);
  });

  it.each([1, 2, 4, 5, 7, 33, 64])("solves a system of %i rows", (n) => {
    const matrix = positive(n, 0.5);
    const x = Float64Array.from({ length: n }, (_, i) => Math.cos(i) + 1);
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + value * (matrix[i * n + j] ?? NaN), 0));
    expect(factorise(matrix, n)).toBe(true);
    solveInPlace(matrix, b);
    b.forEach((value, i) => expect(value).toBeCloseTo(x[i] ?? NaN, 9));
  });

  it("refuses what is not positive definite, NaN too", () => {
    expect(factorise(Float64Array.of(1, 2, 2, 1), 2)).toBe(false);
    expect(factorise(Float64Array.of(0), 1)).toBe(false);
    const broken = positive(9, 1);
    broken[9 * 7 + 2] = NaN;
    expect(factorise(broken, 9)).toBe(false);
  });
});
