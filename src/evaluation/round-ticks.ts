/** About six round numbers of a range: steps of 1, 2 or 5 times a power of ten. */
export function roundTicks([low, high]: readonly [number, number]): number[] {
  const rough = (high - low) / 7;
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first) + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
