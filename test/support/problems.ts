import { ConfigError, formatProblem } from "../../src/errors.ts";

/** The problems that some work throws, as printed; none when it succeeds. Other errors go through. */
export async function problemsOf(work: () => unknown): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
