/** What a fired finding leads to, from mild to strict. */
export const ACTIONS = ["observe", "flag", "abort"] as const;
export type Action = (typeof ACTIONS)[number];

/** What was done about a finding: monitor mode turns `abort` into `would_abort`; `bypassed` is an error that policy let pass. */
export type ActionTaken = Action | "would_abort" | "bypassed";

/** One detector under one policy. */
export interface DetectorRule {
  readonly action: Action;
  /** Which positions count; the definition's own when absent. */
  readonly positions?: "prompt" | "generation" | "both";
  /** What a broken detector does: `closed` ends the request with `oversight_unavailable`, `open` lets it pass and counts it. */
  readonly onError: "closed" | "open";
}

/** A named policy of `gateway.yaml`, checked and frozen. Structured-clonable. */
export interface Policy {
  readonly name: string;
  readonly mode: "enforce" | "monitor";
  /** How many steps a token waits before it leaves: 0, 1 (default) or a look-back window. */
  readonly holdTokens: number;
  /** How an abort looks to the client: a finished reply with `content_filter`, or an error. */
  readonly onAbort: "finish" | "error";
  /** `new` judges the prompt from the end of the last assistant turn, `all` the whole history. */
  readonly promptScope: "new" | "all";
  readonly detectors: Readonly<Record<string, DetectorRule>>;
}

/** What is done after a step, and which rule said so. */
export interface Decision {
  readonly action: "continue" | "observe" | "flag" | "would_abort" | "abort" | "unavailable";
  /** The detector whose finding decided; absent for `continue`. */
  readonly detector?: string;
  /** Like `demo.country-channel: abort`. */
  readonly rule?: string;
}
