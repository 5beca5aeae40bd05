import type { Read } from "../lens/reading.ts";
import type { DetectorScore, Finding } from "./finding.ts";
import type { Kind, Positions, Step } from "./kinds/kind.ts";
import type { LoadedDetector } from "./loader.ts";
import { createRunCounter, type RunRow } from "./run-counter.ts";
import { covers } from "./sides.ts";
import { createWatch, type Watch, type WatchOptions, type WorkMark } from "./watch.ts";

/** One position as the engine hands it over: `reading` takes the index in `Panel.reads`. */
export type PanelStep = Step;

/** Where a detector judges; at the definition's own positions when nothing is said. */
export interface PanelRule {
  readonly positions?: Positions;
  /** Judges only where it is asked. */
  readonly onDemand?: boolean;
}

/** All detectors of one request under one policy. */
export interface PanelRun {
  /** Judges one position: a finding of every detector that judged it; a broken one speaks once and is silent after. */
  judge(step: PanelStep): Finding[];
  /** Asks a detector that judges on demand, after `judge` and at most once a step; undefined where it has nothing to say. */
  ask(id: string, step: PanelStep): Finding | undefined;
  /** Every detector of the rules, in their order, with its largest score so far. */
  scores(): DetectorScore[];
  /** How often each detector ran and how long it took, by phase and verdict. */
  runs(): RunRow[];
  /** Aggregated scores at the last judged step in the order of the rules; null: not judged there. */
  lastScores(): (number | null)[];
}

/** Every loaded detector, ready to run. */
export interface Panel {
  /** The reads of all detectors, one detector after the other. */
  readonly reads: readonly Read[];
  /** Starts the detectors that the rules name; throws an `Error` for one that is not loaded. */
  start(rules: Readonly<Record<string, PanelRule>>): PanelRun;
  /** The detector of this id. */
  find(id: string): LoadedDetector | undefined;
}

/** Clock and budget of a panel, and what is known of its detectors. */
export interface PanelOptions {
  /** A scorer that takes longer than this for one step is broken (`timeout`). */
  readonly budgetMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly mark?: WorkMark;
  /** Detectors that never came back once: they are broken (`stuck`) and are not asked. */
  readonly stuck?: ReadonlySet<string>;
}

const NO_MARK: WorkMark = { begin: () => undefined, end: () => undefined };

/** Puts the loaded detectors together; throws an `Error` when a kind is missing. */
export function createPanel(
  detectors: readonly LoadedDetector[],
  kinds: ReadonlyMap<string, Kind>,
  options: PanelOptions = {},
): Panel {
  const { budgetMs = 1000, now = () => performance.now(), mark = NO_MARK, stuck } = options;
  let firstRead = 0;
  const seats = new Map<string, Seat>();
  for (const [place, detector] of detectors.entries()) {
    const kind = kinds.get(detector.kind);
    if (!kind) throw new Error(`detector ${detector.id} is of kind ${detector.kind}, which is not loaded`);
    seats.set(detector.id, { detector, kind, firstRead, place, isStuck: stuck?.has(detector.id) ?? false });
    firstRead += detector.reads.length;
  }
  return {
    reads: detectors.flatMap((detector) => detector.reads),
    find: (id) => seats.get(id)?.detector,
    start(rules) {
      const counter = createRunCounter();
      const watches = Object.entries(rules).map(([id, rule]) => {
        const seat = seats.get(id);
        if (!seat) throw new Error(`detector ${id} is not loaded`);
        const positions = rule.positions ?? seat.detector.positions;
        return createWatch({ ...seat, positions, budgetMs, now, mark, count: counter.add });
      });
      return createRun(watches, { rules: Object.entries(rules), runs: counter.rows });
    },
  };
}

type Seat = Pick<WatchOptions, "detector" | "kind" | "firstRead" | "place" | "isStuck">;

interface RunParts {
  /** `rules[n]` belongs to the n-th watch. */
  readonly rules: readonly (readonly [id: string, rule: PanelRule])[];
  readonly runs: () => RunRow[];
}

function createRun(watches: readonly Watch[], { rules, runs }: RunParts): PanelRun {
  const columns = new Map(rules.map(([id], column) => [id, column]));
  const isAlways = rules.map(([, { onDemand }]) => onDemand !== true);
  let last: (number | null)[] = watches.map(() => null);
  return {
    judge(step) {
      const results = watches.map((watch, column) =>
        isAlways[column] && covers(watch.positions, step.phase) ? watch.judge(step) : undefined,
      );
      last = results.map(scoreOf);
      return results.filter((finding) => finding !== undefined);
    },
    ask(id, step) {
      const column = columns.get(id) ?? -1;
      const watch = watches[column];
      if (!watch || isAlways[column]) throw new Error(`detector ${id} does not judge on demand`);
      const finding = watch.judge(step);
      last[column] = scoreOf(finding);
      return finding;
    },
    scores: () => watches.map((watch) => watch.summary()),
    runs,
    lastScores: () => [...last],
  };
}

function scoreOf(finding: Finding | undefined): number | null {
  return finding === undefined || finding.verdict === "error" ? null : finding.score;
}
