import { createContext, Script } from "node:vm";

/** A JavaScript regular expression as a file writes it. */
export interface Expression {
  readonly source: string;
  readonly flags: string;
}

/** Characters of the texts that an expression is tried on. */
export const PROBE_LENGTH = 256;
// Backtracking that explodes takes hours; a sound expression takes under a millisecond, and longer only where the machine is busy.
const PROBE_LIMIT_MS = 1_000;
const PROBE_TRIES = 2;

/** Whether an expression takes too long on texts that make nested repetitions explode. The expression must compile. */
export function backtracks(expression: Expression): boolean {
  return Array.from({ length: PROBE_TRIES }).every(() => isSlow(expression));
}

/** Tries each character of the expression, repeated, then a stranger. */
function isSlow({ source, flags }: Expression): boolean {
  const letters = new Set([...source.replaceAll(/[^\p{L}\p{N} ]/gu, ""), "a", "0", " "]);
  const probes = [...letters].slice(0, 40).map((letter) => `${letter.repeat(PROBE_LENGTH)}\u0000`);
  const sandbox = createContext({ source, flags, probes });
  try {
    new Script("for (const probe of probes) new RegExp(source, flags).test(probe)").runInContext(sandbox, {
      timeout: PROBE_LIMIT_MS,
    });
    return false;
  } catch {
    return true;
  }
}
