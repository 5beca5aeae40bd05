import type { Panel } from "../detect/panel.ts";
import type { Reader } from "../lens/lens-math.ts";
import type { Forward } from "../model/forward.ts";
import type { LensHead } from "../model/lens-head.ts";
import type { TokenBytes } from "../model/token-bytes.ts";

/** What every run in the worker shares. */
export interface WorkerParts {
  readonly forward: Forward;
  readonly lensHead: LensHead;
  readonly panel: Panel;
  readonly reader: Reader;
  readonly bytes: TokenBytes;
  readonly textOf: (id: number) => string;
  readonly isSpecial: (id: number) => boolean;
  readonly endIds: ReadonlySet<number>;
  /** Taps that a detector reads, like `23.attn_out`. */
  readonly tapsOf: (detector: string) => readonly string[];
  /** The score at which a detector fires; null for one that is not loaded. */
  readonly thresholdOf: (detector: string) => number | null;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
  readonly prefillChunkTokens: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}
