import type { Interval } from "./evaluation.ts";

/** What stands for a number that does not exist: an area without negatives, a rate of no rows. */
export const NOT_DEFINED = "not defined";

/** `0.953`; "not defined" for what is not finite, as in all functions here. */
export function decimalText(value: number, digits = 3): string {
  return Number.isFinite(value) ? value.toFixed(digits) : NOT_DEFINED;
}

/** A share of 0 to 1 in per cent: `62.1 %`. */
export function shareText(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : NOT_DEFINED;
}

/** `2,995` */
export function countText(count: number): string {
  return Number.isFinite(count) ? count.toLocaleString("en-US", { maximumFractionDigits: 1 }) : NOT_DEFINED;
}

/** A detector's score in four digits: `5.613`. */
export function scoreText(score: number): string {
  return Number.isFinite(score) ? String(Number(score.toPrecision(4))) : NOT_DEFINED;
}

/** `0.931 to 0.968`; nothing where the value or a bound does not exist. */
export function boundsText({ value, low, high }: Interval, format: (bound: number) => string): string {
  if (![value, low, high].every(Number.isFinite)) return "";
  return `${format(low).replace(/ %$/, "")} to ${format(high)}`;
}

/** `0.953 (0.931 to 0.968)` */
export function intervalText(interval: Interval, format: (value: number) => string): string {
  const bounds = boundsText(interval, format);
  return bounds === "" ? format(interval.value) : `${format(interval.value)} (${bounds})`;
}
