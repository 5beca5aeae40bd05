import type { DetectorWork, WorkMark } from "../detect/watch.ts";

// What has the thread: its number, the detector's place among those that are loaded, and which of its functions. [3]
const UNIT = 0;
const DETECTOR = 1;
const WORK = 2;
const CELLS = 3;

const NONE = 0;
const CONDEMNED = -1;
const LAST_UNIT = 0x7fff_ffff;
const WORKS: readonly DetectorWork[] = ["start", "score"];

/** A detector's own code that has the thread. */
export interface HeldWork {
  /** Place among the detectors that the thread was born with. */
  readonly detector: number;
  readonly work: DetectorWork;
}

/** The same mark as another thread sees it. */
export interface MarkView {
  /** Number of the piece of work that has the thread, another one for each; 0 when none has it. */
  unit(): number;
  /**
   * Decides that a piece of work does not come back, and says what it was; undefined when it has just ended. From then on the thread does
   * nothing more, so that it can be ended: in the middle of a forward pass that would take the whole process along.
   */
  condemn(unit: number): HeldWork | undefined;
}

/** Memory for one thread's mark. */
export function createMarkMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** The thread's own side: two atomic operations for each piece of work, which nothing waits for. */
export function createWorkMark(memory: SharedArrayBuffer): WorkMark {
  const cells = new Int32Array(memory); // [CELLS]
  let unit = NONE;
  return {
    begin(detector, work) {
      unit = unit === LAST_UNIT ? 1 : unit + 1;
      cells[DETECTOR] = detector;
      cells[WORK] = WORKS.indexOf(work);
      // What was written before is seen by whoever sees this.
      Atomics.store(cells, UNIT, unit);
    },
    end() {
      if (Atomics.compareExchange(cells, UNIT, unit, NONE) === unit) return;
      // Too late: the thread is being ended.
      for (;;) Atomics.wait(cells, UNIT, CONDEMNED);
    },
  };
}

/** The side of the thread that watches. */
export function viewMark(memory: SharedArrayBuffer): MarkView {
  const cells = new Int32Array(memory); // [CELLS]
  return {
    unit: () => Atomics.load(cells, UNIT),
    condemn(unit) {
      if (Atomics.compareExchange(cells, UNIT, unit, CONDEMNED) !== unit) return undefined;
      return { detector: cells[DETECTOR] ?? 0, work: WORKS[cells[WORK] ?? 0] ?? "score" };
    },
  };
}
