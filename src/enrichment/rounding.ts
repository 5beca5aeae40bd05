/** Four decimals: a picture of 120 taps and 72 positions is 60 KB so. Null for what is no number, which JSON does not have. */
export function roundNumber(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 10_000) / 10_000 : null;
}
