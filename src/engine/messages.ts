import type { LoadedDetector } from "../detect/loader.ts";
import type { Background } from "../lens/background.ts";
import type { LensMaps } from "../lens/lens-maps.ts";
import type { RunEvent } from "./engine.ts";
import type { Job } from "./job.ts";

/** Everything the worker needs to be born. Plain data. */
export interface WorkerSettings {
  /** Folder of the prepared model. */
  readonly prepared: string;
  readonly detectors: readonly LoadedDetector[];
  /** Modules of an operator's own kinds, absolute paths. */
  readonly kindModules: readonly string[];
  readonly background: Pick<Background, "tokens" | "taps">;
  /** Means and fitted maps of the taps that detectors read through other lenses than `logit`. */
  readonly lenses: LensMaps;
  readonly slots: number;
  readonly contextTokens: number;
  readonly prefillChunkTokens: number;
  readonly threads: number | null;
  /** Taps whose rows are returned besides those that detectors read. */
  readonly extraTaps?: readonly string[];
  /** A detector that takes longer than this for one position is broken; the panel's own limit when absent. */
  readonly judgeLimitMs?: number;
  /** Where the thread says which detector has it; nowhere when absent. */
  readonly mark?: SharedArrayBuffer;
  /** Detectors that never came back in a thread before this one: they are broken. */
  readonly stuck?: readonly string[];
}

/** What the main thread says to the worker. */
export type ToWorker =
  | { readonly type: "start"; readonly job: Job }
  | { readonly type: "cancel"; readonly id: string }
  /** Leave, or die, between two passes. A thread that is ended from outside during a pass takes the whole process along. */
  | { readonly type: "close" | "crash" };

/** What the worker says to the main thread. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "running"; readonly running: number; readonly waiting: number }
  | { readonly type: "event"; readonly id: string; readonly event: RunEvent };
