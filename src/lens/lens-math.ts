import type { ForwardResult } from "../model/forward.ts";
import { createProbeParts } from "./probe-math.ts";
import type { PlannedConcept, ReadPlan } from "./read-plan.ts";
import type { Reading } from "./reading.ts";

/** Looks a read up in the result of one forward pass, at one of its new positions (0 to S − 1). */
export type Reader = (result: ForwardResult, row: number, index: number) => Reading;

// Taking the concept out of the background is a difference of like numbers; beyond this many nats it says nothing.
const FLOOR_NATS = 12;

/** Scores readings by the definition: LSE(concept rows) − LSE(background rows) − ln(V / size of background), or a probe's sum. */
export function createReader(plan: ReadPlan): Reader {
  const views = plan.forward.views.length;
  const concepts = Math.max(1, plan.forward.conceptTokens.length);
  const reads = plan.reads.map((read) => (read.type === "probe" ? read : { ...read, isShared: markShared(read) }));
  const partsOf = createProbeParts(plan);
  return (result, row, index) => {
    const read = reads[index];
    if (!read) throw new Error(`there is no read number ${index}`);
    if (read.type === "probe") return new ProbeReading(read.bias, partsOf(read, { result, row }));
    const start = (row * views + read.view) * concepts;
    const logOdds = scoreRow(plan, read, { result, row, start });
    return new ConceptReading(logOdds, { logits: result.conceptLogits, start, read });
  };
}

/** A concept and which of its columns are also in the sample that it is compared with. */
interface MarkedConcept extends PlannedConcept {
  readonly isShared: Uint8Array; // [tokens]
}

function markShared({ columns, yardstick }: PlannedConcept): Uint8Array {
  const shared = new Set(yardstick.type === "background" ? yardstick.overlap : []);
  return Uint8Array.from(columns, (column) => (shared.has(column) ? 1 : 0));
}

interface ConceptSource {
  readonly logits: Float32Array; // [S, views, concepts]
  readonly start: number;
  readonly read: PlannedConcept;
}

// A class, since a getter of an object literal takes longer to make than the score.
class ConceptReading implements Reading {
  readonly logOdds: number;
  private readonly source: ConceptSource;

  constructor(logOdds: number, source: ConceptSource) {
    this.logOdds = logOdds;
    this.source = source;
  }

  /** Only a firing asks for them; most positions are clear. */
  get logits(): Float32Array {
    const { logits, start, read } = this.source;
    return Float32Array.from(read.columns, (column) => logits[start + column]!); // [tokens]
  }
}

class ProbeReading implements Reading {
  readonly logOdds: number;
  private readonly parts: Float64Array;

  constructor(bias: number, parts: Float64Array) {
    let sum = bias;
    for (let tap = 0; tap < parts.length; tap += 1) sum += parts[tap]!;
    this.logOdds = sum;
    this.parts = parts;
  }

  get logits(): Float32Array {
    // `Float32Array.from` would walk an iterator.
    return new Float32Array(this.parts); // [probe's taps]
  }
}

interface Place {
  readonly result: ForwardResult;
  readonly row: number;
  /** Where the concept logits of this row and view begin. */
  readonly start: number;
}

function scoreRow(plan: ReadPlan, read: MarkedConcept, { result, row, start }: Place): number {
  const { yardstick } = read;
  const { all, shared } = massesOf(read, result.conceptLogits, start);
  if (yardstick.type === "exact") {
    const at = row * plan.forward.exact.length + yardstick.index;
    const within = massesOf(read, result.exactConcepts, at * Math.max(1, plan.forward.conceptTokens.length)).all;
    // The mass around the concept and the concept's own are rounded differently in fast precision, so they are put together anew.
    const others = without(result.exact[at]!, within);
    return all - logAdd(all, others);
  }
  const width = plan.forward.background[yardstick.group]!.views.length;
  const sample = result.background[yardstick.group]![row * width + yardstick.index]!;
  return all - without(sample, shared) - Math.log(plan.vocabulary / yardstick.size);
}

/** Log-sum-exp of a read's logits, which begin at `start`, and of those that the sample has, too. */
function massesOf(
  { columns, isShared }: MarkedConcept,
  logits: Float32Array,
  start: number,
): { all: number; shared: number } {
  let highest = -Infinity;
  for (let index = 0; index < columns.length; index += 1) {
    const value = logits[start + columns[index]!]!;
    // A broken row must show, also when everything in it is broken.
    if (Number.isNaN(value)) return { all: NaN, shared: NaN };
    if (value > highest) highest = value;
  }
  if (highest === -Infinity) return { all: -Infinity, shared: -Infinity };
  let all = 0;
  let shared = 0;
  for (let index = 0; index < columns.length; index += 1) {
    const share = Math.exp(logits[start + columns[index]!]! - highest);
    all += share;
    if (isShared[index] === 1) shared += share;
  }
  return { all: highest + Math.log(all), shared: highest + Math.log(shared) };
}

// ln(e^left + e^right). NaN stays NaN: a broken reading must show.
function logAdd(left: number, right: number): number {
  const high = Math.max(left, right);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(-Math.abs(left - right)));
}

// ln(e^all − e^overlap), never below all − FLOOR_NATS.
function without(all: number, overlap: number): number {
  if (overlap === -Infinity) return all;
  const share = Math.exp(overlap - all);
  if (Number.isNaN(share)) return NaN;
  return all + Math.max(-FLOOR_NATS, Math.log(Math.max(0, 1 - share)));
}
