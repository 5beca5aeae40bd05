/** The middle of a series with the 95 % interval of it. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 1000;

/** The middle value; the mean of the two middle ones for an even count, NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The mean of a series with the 95 % interval of it. */
export interface MeanEstimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Median with its 95 % interval by bootstrap: 1,000 draws with a fixed seed, so that equal values give equal intervals. */
export function estimate(values: readonly number[]): Estimate {
  return { median: median(values), ...bootstrap(values, median) };
}

/** The mean likewise. */
export function estimateMean(values: readonly number[]): MeanEstimate {
  return { mean: mean(values), ...bootstrap(values, mean) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function bootstrap(values: readonly number[], middle: (drawn: readonly number[]) => number) {
  let state = 12_345;
  const draw = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return values[Math.floor((state / 2_147_483_648) * values.length)] ?? NaN;
  };
  const drawn = Array.from({ length: DRAWS }, () => middle(values.map(draw))).sort((left, right) => left - right);
  return { low: drawn[DRAWS * 0.025] ?? NaN, high: drawn[DRAWS * 0.975 - 1] ?? NaN };
}

/** `1.234 [1.200, 1.300]` */
export function formatEstimate({ median: middle, low, high }: Estimate, digits: number): string {
  return `${middle.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

/** The same for a mean. */
export function formatMean({ mean: middle, low, high }: MeanEstimate, digits: number): string {
  return formatEstimate({ median: middle, low, high }, digits);
}
