import { InvalidArgumentError } from "commander";

/** A parser for a whole number between two bounds; the error names the flag. */
export function parseInteger(flag: string, lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < lowest || value > highest) {
      throw new InvalidArgumentError(`${flag} takes a whole number from ${lowest} to ${highest}.`);
    }
    return value;
  };
}

/** A parser for a share above 0 and below 1; the error names the flag. */
export function parseShare(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > 0 && value < 1)) {
      throw new InvalidArgumentError(`${flag} takes a share above 0 and below 1, like 0.001.`);
    }
    return value;
  };
}

/** `"0,5,20-22"` → `[0, 5, 20, 21, 22]`; throws an `Error` that names the flag and the bound. */
export function parseRanges(flag: string, text: string, highest: number): number[] {
  return text.split(",").flatMap((part) => {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    const from = Number(match?.[1]);
    const to = match?.[2] === undefined ? from : Number(match[2]);
    if (!match || to < from || to > highest) {
      throw new Error(`${flag}: "${part}" is not a number or a range within 0 to ${highest}`);
    }
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** A parser for a number above 0, up to 1; the error names the flag. */
export function parseWeight(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value > 0 && value <= 1) return value;
    throw new InvalidArgumentError(`${flag} takes a number above 0, up to 1.`);
  };
}

/** A parser for any number; the error names the flag. */
export function parseNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`${flag} takes a number.`);
  };
}
