import { InvalidArgumentError } from "commander";

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A parser for a time like `30m`, `2h` or `1d` between two bounds in milliseconds; the error names the flag. */
export function parseDuration(flag: string, lowestMs: number, highestMs: number): (text: string) => number {
  return (text) => {
    const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
    const ms = Number(count) * (UNITS_MS[unit] ?? NaN);
    if (ms >= lowestMs && ms <= highestMs) return ms;
    const bounds = `${formatDuration(lowestMs)} to ${formatDuration(highestMs)}`;
    throw new InvalidArgumentError(`${flag} takes a time like 30m, 2h or 1d, from ${bounds}.`);
  };
}

/** `90m` is told as `1h 30m`; what is below a minute is told as `0m`. */
export function formatDuration(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "m"],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return shown.length === 0 ? "0m" : shown.join(" ");
}
