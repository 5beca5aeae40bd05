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

/** Median with its 95 % interval by bootstrap: 1,000 draws with a fixed seed, so that equal values give equal intervals. */
export function estimate(values: readonly number[]): Estimate {
  let state = 12_345;
  const draw = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return values[Math.floor((state / 2_147_483_648) * values.length)] ?? NaN;
  };
  const medians = Array.from({ length: DRAWS }, () => median(values.map(draw))).sort((left, right) => left - right);
  return { median: median(values), low: medians[DRAWS * 0.025] ?? NaN, high: medians[DRAWS * 0.975 - 1] ?? NaN };
}

/** `1.234 [1.200, 1.300]` */
export function formatEstimate({ median: middle, low, high }: Estimate, digits: number): string {
  return `${middle.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
