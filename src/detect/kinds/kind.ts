import type { z } from "zod";
import type { LensName, Read, Reading } from "../../lens/reading.ts";
import type { NamedShare, Phase } from "../finding.ts";

/** Which positions a detector judges; the last prompt position belongs to both sides. */
export type Positions = "prompt" | "generation" | "both";

/** Options that cannot work on this model: which option (path under `options`), what is wrong, what to do. */
export class OptionError extends Error {
  readonly path: readonly PropertyKey[];
  readonly cure: string;

  constructor(path: readonly PropertyKey[], message: string, cure: string) {
    super(message);
    this.name = "OptionError";
    this.path = path;
    this.cure = cure;
  }
}

/** What is known of the loaded model while definitions are resolved. */
export interface ModelContext {
  /** Number of blocks. */
  readonly layers: number;
  /** Width of a tapped row. */
  readonly hidden: number;
  /** sha256 of the model file, 64 hex digits. */
  readonly modelSha256: string;
  readonly precision: "fast" | "exact";
  /** Lenses that can be read here: `centred` needs the model's statistics, `tuned` a fitted file. */
  readonly lenses: readonly LensName[];
  /** Vocabulary id of exactly this piece of text (a leading space counts), or undefined when no single token stands for it. */
  tokenOf(text: string): number | undefined;
  /** Vocabulary ids of a text, special tokens never parsed. */
  encode(text: string): readonly number[];
  /** Text of one vocabulary id (U+FFFD for bytes that are no whole character). */
  textOf(id: number): string;
}

/** What a kind may ask while it resolves a definition. */
export interface ResolveContext extends ModelContext {
  /** A file named relative to the definition's own folder; throws an `Error` for one that is not there or lies outside. */
  readBytes(path: string): Uint8Array;
}

/** What resolving gives: the reads to add to the graph, plain data for the worker, and lines for `lensgate check`. */
export interface Resolution<Resolved> {
  readonly reads: readonly Read[];
  /** Structured-clonable: it crosses the thread boundary. */
  readonly resolved: Resolved;
  readonly notes: readonly string[];
}

/** One judged position, as a kind sees it. */
export interface Step {
  readonly position: number;
  readonly phase: Phase;
  readonly token: number;
  /** Text that this token completed ("" while a character is incomplete). */
  readonly text: string;
  /** Whether more of the prompt follows: nothing can leave before it was read to its end. */
  readonly beforePromptEnd?: boolean;
  /** The reading of the n-th of the resolution's reads. */
  reading(index: number): Reading;
}

/** A score at one position; undefined from `score` means there is nothing to say there. */
export interface RawScore {
  readonly score: number;
  /** The tap that scored highest, like `23.attn_out`. */
  readonly tap?: string;
  /** Asked for when it fires; may be a getter. */
  readonly names?: readonly NamedShare[];
}

/** The per-request part of a detector: state lives in the closure. */
export interface Scorer {
  score(step: Step): RawScore | undefined;
}

/**
 * A detector kind: a plain object, no base class. `resolve` runs once on the main thread and throws an `OptionError`
 * (or any `Error` with a clear message) for options that cannot work on this model; `start` runs in the worker, once a
 * request, and is told which positions the request's policy judges.
 */
export interface Kind<Options = unknown, Resolved = unknown> {
  readonly name: string;
  /** Strict schema of the definition's `options`. */
  readonly schema: z.ZodType<Options>;
  resolve(options: Options, context: ResolveContext): Resolution<Resolved>;
  start(resolved: Resolved, positions: Positions): Scorer;
}
