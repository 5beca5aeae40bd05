import type { FlagEvidence, ReleasedToken, Run, RunEnd } from "./engine.ts";

/** Everything a run told, gathered. */
export interface WholeRun {
  readonly flags: readonly FlagEvidence[];
  readonly released: readonly ReleasedToken[];
  readonly text: string;
  readonly end: RunEnd;
}

/** Waits for a run's end. For scans, detector tests and benchmarks, which need no stream. */
export async function runToEnd(run: Run): Promise<WholeRun> {
  const flags: FlagEvidence[] = [];
  const released: ReleasedToken[] = [];
  for await (const event of run) {
    if (event.type === "flag-raised") flags.push(event.evidence);
    else if (event.type === "tokens-released") released.push(...event.tokens);
    else if (event.type === "run-ended")
      return { flags, released, text: released.map((token) => token.text).join(""), end: event };
  }
  throw new Error("the run ended without saying so");
}
