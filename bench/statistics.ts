/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** 95 % interval of the median by bootstrap over rounds (1,000 draws, fixed seed). */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  let state = 12_345;
  const draw = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return values[Math.floor((state / 2_147_483_648) * values.length)] ?? NaN;
  };
  const medians = Array.from({ length: 1000 }, () => median(values.map(draw))).sort((left, right) => left - right);
  return [medians[25] ?? NaN, medians[974] ?? NaN];
}

/** `1.234 [1.200, 1.300]` */
export function describe(values: readonly number[], digits = 2): string {
  const [low, high] = medianInterval(values);
  return `${median(values).toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
