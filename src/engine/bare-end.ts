import type { RunEnd } from "./engine.ts";

/** What is known of a run that no engine tells of any more, or that never got a slot. */
export type BareEnd = Pick<RunEnd, "reason" | "decision" | "promptTokens" | "generated"> & {
  /** Milliseconds in the waiting line, 0 when not known. */
  readonly waitMs?: number;
};

/** An end without scores and counts: all that was generated counts as released. */
export function bareEnd({ waitMs = 0, ...known }: BareEnd): RunEnd {
  return {
    type: "run-ended",
    ...known,
    releasedTokens: known.generated.length,
    scores: [],
    timing: { waitMs, prefillMs: 0, decodeMs: 0, judgeMs: 0, firstTokenMs: null },
    runs: [],
    actions: [],
  };
}
