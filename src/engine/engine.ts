import type { ActionTaken, Decision, Policy } from "../decide/policy.ts";
import type { DetectorScore, ErrorFinding, FiredFinding } from "../detect/finding.ts";
import type { ModelFacts } from "../model/facts.ts";

/** How the next token is drawn. Temperature 0 is greedy. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  /** 0 keeps the whole vocabulary. */
  readonly topK: number;
  readonly seed: number;
}

/** What both verbs take. */
export interface RunRequest {
  readonly id: string;
  /** Prompt ids. `[prompt]` */
  readonly prompt: Int32Array;
  /** 1 where prompt text is judged, 0 for template, special and older text. `[prompt]` */
  readonly judged: Uint8Array;
  /** By itself and not by name, so that a name may come to mean something else while this runs. */
  readonly policy: Policy;
  /** `both` judges prompt text as generation, too: a text that is scanned as it stands. */
  readonly promptAs?: "prompt" | "both";
  /** Milliseconds from acceptance to the end of the run. */
  readonly deadlineMs: number;
  /** Return every judged position's score of every detector with the end (offline scan, tests). */
  readonly keepScores?: boolean;
}

/** Let the model write. */
export interface GenerateRequest extends RunRequest {
  readonly sampling: Sampling;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Log-probabilities of released tokens with this many alternatives; absent: none. */
  readonly topLogprobs?: number;
}

/** Judge tokens that something else wrote, as if they were generated. */
export interface ReadRequest extends RunRequest {
  /** `[forced]` */
  readonly forced: Int32Array;
  /** How many of them one pass reads: the engine's own chunk when absent. 1 rounds as a live run does. */
  readonly chunkTokens?: number;
}

/** One token that left. `text` is "" where its character is completed by a later token. */
export interface ReleasedToken {
  readonly id: number;
  readonly text: string;
  readonly logprob?: number;
  readonly top?: readonly {
    readonly id: number;
    readonly text: string;
    readonly bytes: readonly number[];
    readonly logprob: number;
  }[];
  readonly bytes?: readonly number[];
}

/** The scores of one position as they stood live. `scores[n]` belongs to `detectors[n]` of the evidence; null: not judged there. */
export interface LivePosition {
  readonly position: number;
  readonly token: number;
  readonly text: string;
  readonly scores: readonly (number | null)[];
}

/** The lens at the firing position: the top tokens of one tap, probabilities from 0 to 1. */
export interface LensTop {
  readonly tap: string;
  readonly top: readonly { readonly id: number; readonly text: string; readonly probability: number }[];
}

/** Why a run is flagged: everything a person needs that only the live run knows. */
export interface FlagEvidence {
  readonly finding: FiredFinding | ErrorFinding;
  readonly decision: Decision;
  /** Detector ids, the columns of `live`. */
  readonly detectors: readonly string[];
  /** `thresholds[n]` belongs to `detectors[n]`; what the review page scales its scores by. */
  readonly thresholds?: readonly (number | null)[];
  /** At most 64 positions, the firing one last. */
  readonly live: readonly LivePosition[];
  readonly lens: readonly LensTop[];
  /** All tokens generated so far, released or not. */
  readonly generated: readonly { readonly id: number; readonly text: string }[];
  /** How many of them had been released before this finding. */
  readonly released: number;
}

/** How a run ended. `stop`: end token or stop string; `length`: `max_tokens` or context. */
export type EndReason = "stop" | "length" | "abort" | "unavailable" | "cancelled" | "deadline" | "failed";

/** The end of a run, whatever its reason. Times in milliseconds of one monotonic clock. */
export interface RunEnd {
  readonly type: "run-ended";
  readonly reason: EndReason;
  readonly decision: Decision;
  readonly promptTokens: number;
  /** Tokens released to the client, and tokens that the model generated. */
  readonly releasedTokens: number;
  readonly generated: readonly { readonly id: number; readonly text: string }[];
  readonly scores: readonly DetectorScore[];
  readonly everyScore?: readonly LivePosition[];
  readonly timing: {
    readonly waitMs: number;
    readonly prefillMs: number;
    readonly decodeMs: number;
    readonly judgeMs: number;
    readonly firstTokenMs: number | null;
    /** In forward passes alone, without other runs' turns; absent where no engine told of the end. */
    readonly passMs?: { readonly prefill: number; readonly decode: number };
  };
  /** Detector runs by verdict, for metrics: `[detector][verdict]` counts and total judging seconds. */
  readonly runs: readonly {
    readonly detector: string;
    readonly phase: "prompt" | "generation";
    readonly verdict: "clear" | "fired" | "error";
    readonly errorType: string;
    readonly count: number;
    readonly seconds: number;
  }[];
  /** Once for each detector or combination and action. */
  readonly actions: readonly { readonly detector: string; readonly action: ActionTaken; readonly count: number }[];
}

/** What a run tells, in order. The consumer makes `flag-raised` durable before it takes the next event. */
export type RunEvent =
  | { readonly type: "prompt-judged"; readonly promptTokens: number }
  | { readonly type: "flag-raised"; readonly evidence: FlagEvidence }
  | { readonly type: "tokens-released"; readonly tokens: readonly ReleasedToken[] }
  | RunEnd;

/** A run under way. Leaving the iteration early cancels; `run-ended` is always the last event. */
export interface Run extends AsyncIterable<RunEvent> {
  cancel(): void;
}

/** What the readiness probe and the metrics read. */
export interface EngineStatus {
  readonly state: "loading" | "ready" | "restarting" | "closed";
  readonly slots: number;
  readonly running: number;
  readonly waiting: number;
  readonly restarts: number;
  /** Detectors that held the thread up until it was ended. They are broken for as long as this engine lives. */
  readonly stuck: readonly string[];
}

/**
 * The model, the lens, the detectors and the decision behind two verbs. Both throw at once: `GatewayError` `overloaded`,
 * `oversight_unavailable` or `context_length_exceeded`, and a plain `Error` for a request that is not well formed.
 */
export interface Engine {
  readonly model: ModelFacts;
  generate(request: GenerateRequest): Run;
  read(request: ReadRequest): Run;
  status(): EngineStatus;
  close(): Promise<void>;
}
