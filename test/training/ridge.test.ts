import { describe, expect, it } from "vitest";
import { directionOf, fitKernelRidge, kernelScale, leaveGroupsOut } from "../../src/training/ridge.ts";

const N = 10;
const WIDTH = 3;
const labels = Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0);
const features = Float64Array.from({ length: N * WIDTH }, (_, at) => {
  const [row, column] = [Math.floor(at / WIDTH), at % WIDTH];
  return Math.sin(row * 7 + column * 3 + 1) + 0.7 * (labels[row] ?? 0) + 5;
});

/** Inner products [m, m] of the features of the named rows. */
function kernelOf(rows: readonly number[]): Float64Array {
  const vector = (row: number) => features.subarray(row * WIDTH, (row + 1) * WIDTH);
  const values = rows.flatMap((left) =>
    rows.map((right) => vector(left).reduce((sum, value, at) => sum + value * (vector(right)[at] ?? NaN), 0)),
  );
  return Float64Array.from(values);
}

const every = Array.from({ length: N }, (_, row) => row);
const kernel = kernelOf(every);
const direct = (direction: Float64Array, row: number) =>
  direction.reduce((sum, value, at) => sum + value * (features[row * WIDTH + at] ?? NaN), 0);

// sklearn 1.9.1: y = labels; X as above; w = np.where(y == 1, r * 5 / r[y == 1].sum(), r * 5 / r[y == 0].sum());
// Ridge(alpha=0.5).fit(X, 2 * y - 1, sample_weight=w), with r = 1 and then with r = ROWS.
const ROWS = [1, 1, 2, 1, 0.5, 1, 1, 3, 1, 1];
const REFERENCES = [
  {
    rows: undefined,
    direction: [0.6540650202664035, 1.2067782700328338, 0.6134120060285566],
    intercept: -13.243519406567856,
  },
  {
    rows: ROWS,
    direction: [0.6870079588235768, 1.227938009301282, 0.5516020076680657],
    intercept: -13.200391843647182,
  },
];

describe("kernel ridge", () => {
  it.each(REFERENCES)(
    "has scikit-learn's direction and intercept with row weights $rows",
    ({ rows, direction, intercept }) => {
      const fit = fitKernelRidge(kernel, labels, { lambda: 0.5, ...(rows === undefined ? {} : { rows }) });
      expect(fit.intercept).toBeCloseTo(intercept, 9);
      [...directionOf(features, fit.alpha)].forEach((value, at) => expect(value).toBeCloseTo(direction[at] ?? NaN, 9));
    },
  );

  it("has alphas that sum to 0, and scores that are the same by kernel and by direction", () => {
    const { alpha, intercept } = fitKernelRidge(kernel, labels, { lambda: 2 });
    expect(alpha.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 10);
    const direction = directionOf(features, alpha);
    for (const row of every) {
      const byKernel = alpha.reduce((sum, value, i) => sum + value * (kernel[row * N + i] ?? NaN), intercept);
      expect(byKernel).toBeCloseTo(direct(direction, row) + intercept, 10);
    }
  });

  it("does not move with the features' origin, nor with how often all weights are counted", () => {
    const moved = kernelOf(every).map((value, at) => {
      const [left, right] = [Math.floor(at / N), at % N];
      const sum = (row: number) => features.subarray(row * WIDTH, (row + 1) * WIDTH).reduce((a, b) => a + b, 0);
      return value + 2 * sum(left) + 2 * sum(right) + 4 * WIDTH;
    });
    const plain = fitKernelRidge(kernel, labels, { lambda: 1 });
    const other = fitKernelRidge(moved, labels, { lambda: 1, rows: every.map(() => 3) });
    plain.alpha.forEach((value, row) => expect(other.alpha[row]).toBeCloseTo(value, 9));
  });

  it("takes a row of weight 0 as absent", () => {
    const rows = every.map((row) => (row === 4 ? 0 : 1));
    const rest = every.filter((row) => row !== 4);
    const without = fitKernelRidge(
      kernelOf(rest),
      labels.filter((_, row) => row !== 4),
      { lambda: 0.9 },
    );
    // The weights sum to the number of rows, so lambda counts against 10 instead of 9.
    const weighted = fitKernelRidge(kernel, labels, { lambda: 1, rows });
    expect(weighted.alpha[4]).toBe(0);
    expect(weighted.intercept).toBeCloseTo(without.intercept, 9);
  });

  it("holds for a kernel of 32-bit numbers", () => {
    const wide = fitKernelRidge(kernel, labels, { lambda: 1 });
    const narrow = fitKernelRidge(Float32Array.from(kernel), labels, { lambda: 1 });
    expect(narrow.intercept).toBeCloseTo(wide.intercept, 3);
  });
});

describe("scores of rows left out", () => {
  it.each([undefined, ROWS])(
    "are those of a fit on the other folds, for every strength, with row weights %j",
    (rows) => {
      const folds = Int32Array.of(0, 0, 1, 1, 2, 2, 0, 2, 1, 5);
      const lambdas = [0.1, 1, 30];
      const weights = rows === undefined ? {} : { rows };
      const scores = leaveGroupsOut(kernel, labels, { folds, lambdas, ...weights });
      expect(scores.length).toBe(3);
      lambdas.forEach((lambda, index) => {
        for (const row of every) {
          const kept = every.filter((other) => folds[other] !== folds[row]);
          const own = rows === undefined ? {} : { rows: kept.map((other) => rows[other] ?? NaN) };
          const fit = fitKernelRidge(
            kernelOf(kept),
            Uint8Array.from(kept, (other) => labels[other] ?? 9),
            { lambda, ...own },
          );
          const score = fit.alpha.reduce(
            (sum, value, i) => sum + value * (kernel[row * N + (kept[i] ?? NaN)] ?? NaN),
            fit.intercept,
          );
          expect(scores[index]?.[row]).toBeCloseTo(score, 9);
        }
      });
    },
  );

  it("do not know their own label: of pure noise they tell nothing", () => {
    const n = 200;
    const noise = Array.from({ length: n }, (_, i) =>
      Array.from({ length: 6 }, (_column, k) => Math.sin(1e4 * (i * 6 + k))),
    );
    const products = noise.flatMap((left) =>
      noise.map((right) => left.reduce((sum, v, k) => sum + v * (right[k] ?? 0), 0)),
    );
    const coin = Uint8Array.from({ length: n }, (_, i) => (i * 7919) % 2);
    const folds = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 20));
    const [scores = new Float64Array()] = leaveGroupsOut(Float64Array.from(products), coin, { folds, lambdas: [1] });
    const right = scores.filter((score, row) => score > 0 === (coin[row] === 1)).length;
    // 100 expected, standard deviation 7.
    expect(Math.abs(right - 100)).toBeLessThan(25);
  });

  it("name the fold without which a class is missing", () => {
    const folds = Int32Array.of(0, 1, 1, 0, 1, 1, 2, 0, 2, 2);
    expect(() => leaveGroupsOut(kernel, labels, { folds, lambdas: [1] })).toThrow(
      "a fit without fold 0 has no row with label 1: it needs both classes",
    );
    expect(() => leaveGroupsOut(kernel, labels, { folds: folds.slice(1), lambdas: [1] })).toThrow(
      "9 folds for 10 rows",
    );
  });
});

describe("what cannot be fitted", () => {
  const broken = kernel.slice();
  broken[23] = NaN;
  const ones = new Uint8Array(N).fill(1);
  it.each([
    ["one class", kernel, ones, { lambda: 1 }, "no row with label 0: it needs both classes"],
    ["NaN", broken, labels, { lambda: 1 }, "the kernel of rows 2 and 3 is NaN: it must be finite"],
    [
      "infinity",
      kernel.map((value, at) => (at === 5 ? Infinity : value)),
      labels,
      { lambda: 1 },
      "rows 0 and 5 is Infinity",
    ],
    ["three rows", kernelOf([0, 1, 2]), labels.slice(0, 3), { lambda: 1 }, "has 3 rows: it needs at least 4"],
    ["another size", kernel.slice(1), labels, { lambda: 1 }, "a kernel of 99 values for 10 rows: it needs 100"],
    ["no strength", kernel, labels, { lambda: 0 }, "lambda 0: it must be more than 0 and finite"],
    [
      "a label that is none",
      kernel,
      labels.map((label) => label * 2),
      { lambda: 1 },
      "label 2 of row 0: labels are 0 and 1",
    ],
    ["a negative weight", kernel, labels, { lambda: 1, rows: every.map((row) => row - 1) }, "row 0 has the weight -1"],
    ["too few weights", kernel, labels, { lambda: 1, rows: [1] }, "row 1 has the weight NaN"],
    [
      "no kernel at all",
      kernel.map((value) => -value),
      labels,
      { lambda: 1e-3 },
      "the system is singular at lambda 0.001",
    ],
  ])("is refused: %s", (_, matrix, classes, options, message) => {
    expect(() => fitKernelRidge(matrix, classes, options)).toThrow(message);
  });

  it("is refused: features that do not divide over the rows", () => {
    expect(() => directionOf(new Float32Array(7), new Float64Array(2))).toThrow("7 features do not divide over 2 rows");
  });
});

describe("the scale of a kernel", () => {
  it("is the mean squared distance of the rows from their mean, wherever the origin is", () => {
    // Rows 0, 2 and 4 on a line, moved by 10: distances 4, 0 and 4.
    const line = [10, 12, 14];
    const products = line.flatMap((left) => line.map((right) => left * right));
    expect(kernelScale(Float64Array.from(products), 3)).toBeCloseTo(8 / 3, 10);
  });
});
