import { factorise, solveInPlace } from "./cholesky.ts";

/** Inner products of n rows, [n, n], summed over taps. */
export type Kernel = Float32Array | Float64Array;

/** A fitted score: score(x) = Σ alpha_i · k(x_i, x) + intercept, with uncentred kernel rows. The alphas [n] sum to 0. */
export interface KernelRidge {
  readonly alpha: Float64Array;
  readonly intercept: number;
}

/** How strongly a fit is held back, and what each row counts [n]; the classes are balanced on top of that. */
export interface RidgeOptions {
  readonly lambda: number;
  readonly rows?: ArrayLike<number>;
}

/** The fold of every row [n], the strengths to try, and what each row counts [n]. */
export interface LeaveOutOptions {
  readonly folds: Int32Array;
  readonly lambdas: readonly number[];
  readonly rows?: ArrayLike<number>;
}

const FEWEST = 4;

/**
 * Ridge regression on labels 0 and 1 (as −1 and 1) by the kernel [n, n]: the minimum of Σ w (y − score)² + lambda · ‖direction‖²,
 * where the weights of each class sum to n / 2. Throws for one class, numbers that are none, and fewer than 4 rows.
 */
export function fitKernelRidge(kernel: Kernel, labels: Uint8Array, { lambda, rows }: RidgeOptions): KernelRidge {
  checkKernel(kernel, labels.length);
  checkLambda(lambda);
  const system = prepare({ kernel, labels, rows }, everyIndex(labels.length));
  return solve(system, lambda);
}

/**
 * Scores of every row by the fit on all rows of the other folds, [lambdas][n]: exactly what `fitKernelRidge` gives on them, classes balanced anew.
 * The matrix of a fold is made once for all strengths; n = 1,000 with 5 folds and 5 strengths takes 1.0 s.
 */
export function leaveGroupsOut(
  kernel: Kernel,
  labels: Uint8Array,
  { folds, lambdas, rows }: LeaveOutOptions,
): Float64Array[] {
  const n = labels.length;
  checkKernel(kernel, n);
  lambdas.forEach(checkLambda);
  if (folds.length !== n) throw new Error(`${folds.length} folds for ${n} rows`);
  const scores = lambdas.map(() => new Float64Array(n));
  for (const fold of new Set(folds)) {
    const kept = everyIndex(n).filter((row) => folds[row] !== fold);
    const left = everyIndex(n).filter((row) => folds[row] === fold);
    const system = prepare({ kernel, labels, rows }, kept, `without fold ${fold} `);
    lambdas.forEach((lambda, index) => {
      const fit = solve(system, lambda);
      for (const row of left) scores[index]![row] = scoreAt(kernel, { n, row, kept }, fit);
    });
  }
  return scores;
}

/** The direction [d] in feature space of a fit on features [n, d]: score(x) = direction · x + intercept. */
export function directionOf(features: Float32Array | Float64Array, alpha: Float64Array): Float64Array {
  const width = features.length / alpha.length;
  if (!Number.isInteger(width)) throw new Error(`${features.length} features do not divide over ${alpha.length} rows`);
  const direction = new Float64Array(width);
  for (let row = 0; row < alpha.length; row += 1) {
    const share = alpha[row]!;
    for (let at = 0; at < width; at += 1) direction[at] = direction[at]! + share * features[row * width + at]!;
  }
  return direction;
}

/** The mean over n rows of the squared distance from the rows' mean, by the kernel [n, n]: what a strength is large or small against. */
export function kernelScale(kernel: Kernel, n: number): number {
  let diagonal = 0;
  let total = 0;
  for (let row = 0; row < n; row += 1) diagonal += kernel[row * n + row]!;
  for (let at = 0; at < n * n; at += 1) total += kernel[at]!;
  return diagonal / n - total / (n * n);
}

interface Data {
  readonly kernel: Kernel;
  readonly labels: Uint8Array;
  readonly rows: ArrayLike<number> | undefined;
}

/** The weighted system of m rows: √W · centred kernel · √W, [m, m], with what gives the intercept back. */
interface System {
  readonly matrix: Float64Array;
  readonly roots: Float64Array; // [m], √w
  readonly targets: Float64Array; // [m], −1 or 1
  readonly means: Float64Array; // [m], weighted mean of each row of the kernel
}

function prepare({ kernel, labels, rows }: Data, indices: Int32Array, where = ""): System {
  const n = labels.length;
  const m = indices.length;
  const weights = balance(indices, { labels, rows, where });
  const means = new Float64Array(m);
  let grand = 0;
  for (let i = 0; i < m; i += 1) {
    const row = indices[i]! * n;
    let sum = 0;
    for (let j = 0; j < m; j += 1) sum += weights[j]! * kernel[row + indices[j]!]!;
    means[i] = sum / m;
    grand += (weights[i]! * means[i]!) / m;
  }
  const roots = weights.map(Math.sqrt);
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1) {
    const row = indices[i]! * n;
    const shift = grand - means[i]!;
    for (let j = 0; j <= i; j += 1) {
      matrix[i * m + j] = roots[i]! * roots[j]! * (kernel[row + indices[j]!]! - means[j]! + shift);
    }
  }
  return { matrix, roots, means, targets: Float64Array.from(indices, (row) => (labels[row] === 1 ? 1 : -1)) };
}

// Weights [m]: each class sums to m / 2, so that the weighted mean of the targets is 0.
function balance(
  indices: Int32Array,
  { labels, rows, where }: { labels: Uint8Array; rows: ArrayLike<number> | undefined; where: string },
): Float64Array {
  if (indices.length < FEWEST) throw new Error(`a fit ${where}has ${indices.length} rows: it needs at least ${FEWEST}`);
  const weights = Float64Array.from(indices, (row) => (rows === undefined ? 1 : (rows[row] ?? NaN)));
  const sums: [number, number] = [0, 0];
  for (let i = 0; i < indices.length; i += 1) {
    const label = labels[indices[i]!]!;
    if (label !== 0 && label !== 1) throw new Error(`label ${label} of row ${indices[i]}: labels are 0 and 1`);
    if (!(weights[i]! >= 0 && weights[i]! < Infinity))
      throw new Error(`row ${indices[i]} has the weight ${weights[i]}`);
    sums[label] += weights[i]!;
  }
  for (const label of [0, 1] as const) {
    if (sums[label] === 0) throw new Error(`a fit ${where}has no row with label ${label}: it needs both classes`);
  }
  const half = indices.length / 2;
  return weights.map((weight, i) => (weight * half) / sums[labels[indices[i]!] === 1 ? 1 : 0]);
}

function solve({ matrix, roots, targets, means }: System, lambda: number): KernelRidge {
  const m = roots.length;
  const factor = matrix.slice();
  for (let i = 0; i < m; i += 1) factor[i * m + i] = factor[i * m + i]! + lambda;
  if (!factorise(factor, m)) {
    throw new Error(`the system is singular at lambda ${lambda}: name a larger one, or check that the kernel is one`);
  }
  const alpha = targets.map((target, i) => target * roots[i]!);
  solveInPlace(factor, alpha);
  let intercept = 0;
  for (let i = 0; i < m; i += 1) {
    alpha[i] = alpha[i]! * roots[i]!;
    intercept -= alpha[i]! * means[i]!;
  }
  return { alpha, intercept };
}

function scoreAt(
  kernel: Kernel,
  { n, row, kept }: { n: number; row: number; kept: Int32Array },
  { alpha, intercept }: KernelRidge,
): number {
  let score = intercept;
  for (let i = 0; i < kept.length; i += 1) score += alpha[i]! * kernel[row * n + kept[i]!]!;
  return score;
}

function everyIndex(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, index) => index);
}

function checkKernel(kernel: Kernel, n: number): void {
  if (kernel.length !== n * n) throw new Error(`a kernel of ${kernel.length} values for ${n} rows: it needs ${n * n}`);
  for (let at = 0; at < kernel.length; at += 1) {
    if (!Number.isFinite(kernel[at])) {
      throw new Error(`the kernel of rows ${Math.floor(at / n)} and ${at % n} is ${kernel[at]}: it must be finite`);
    }
  }
}

function checkLambda(lambda: number): void {
  if (!(lambda > 0 && lambda < Infinity)) throw new Error(`lambda ${lambda}: it must be more than 0 and finite`);
}
