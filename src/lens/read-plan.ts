import type { BackgroundGroup, GraphPlan } from "../model/graph.ts";
import type { Background } from "./background.ts";
import { NO_LENS_MAPS, viewOf, type LensMaps } from "./lens-maps.ts";
import { isProbeRead, tapsOfRead, type ConceptRead, type LensName, type ProbeRead, type Read } from "./reading.ts";
import { formatTap } from "./tap.ts";

/** Everything the graph is built from, and how to find each read in what it returns. */
export interface ReadPlan {
  readonly forward: GraphPlan;
  /** One entry a read, in the order asked. */
  readonly reads: readonly PlannedRead[];
  readonly vocabulary: number;
  /** Of the model's norm: probes scale rows with it. */
  readonly normEpsilon: number;
}

/** Where one read lies in a result. */
export type PlannedRead = PlannedConcept | PlannedProbe;

/** A concept: V views, R concept rows. */
export interface PlannedConcept {
  readonly type: "concept";
  /** Index into the plan's views. */
  readonly view: number;
  /** Columns of the concept's tokens in the concept rows. `[tokens]` */
  readonly columns: Int32Array;
  readonly yardstick: PlannedYardstick;
}

/** A probe: T taps. */
export interface PlannedProbe {
  readonly type: "probe";
  /** Indices into the plan's taps. `[probe's taps]` */
  readonly taps: Int32Array;
  readonly directions: Float32Array; // [probe's taps, hidden]
  readonly bias: number;
}

/** What a concept is compared with. */
export type PlannedYardstick =
  | { readonly type: "exact"; readonly index: number }
  | {
      readonly type: "background";
      readonly group: number;
      /** Index of the view within its group. */
      readonly index: number;
      /** Columns of the concept's tokens that are also in the sample: they are taken out of it. */
      readonly overlap: Int32Array;
      /** Tokens of the sample without those. */
      readonly size: number;
    };

export interface ReadPlanOptions {
  readonly reads: readonly Read[];
  readonly background: Pick<Background, "tokens" | "taps">;
  readonly vocabulary: number;
  readonly contextTokens: number;
  readonly normEpsilon: number;
  /** Needed for lenses other than `logit`. */
  readonly lenses?: LensMaps;
  /** Taps whose rows are wanted though nothing reads them; they come last. */
  readonly extraTaps?: readonly string[];
}

/** Merges the reads of all detectors: every tap once, every lens of a tap once, every token one row for all views. Throws for a read that could only say nothing. */
export function planReads(options: ReadPlanOptions): ReadPlan {
  const { reads, vocabulary, contextTokens, normEpsilon, extraTaps = [] } = options;
  const taps = unique([...reads.flatMap(tapsOfRead).map(formatTap), ...extraTaps]);
  const concepts = reads.filter((read): read is ConceptRead => !isProbeRead(read));
  const planned = planConcepts(options, concepts, taps);
  return {
    vocabulary,
    normEpsilon,
    forward: { taps, ...planned.forward, contextTokens },
    reads: reads.map((read) => (isProbeRead(read) ? planProbe(read, taps) : planned.planOne(read))),
  };
}

function planProbe({ taps: wanted, directions, bias }: ProbeRead, taps: readonly string[]): PlannedProbe {
  if (wanted.length === 0 || directions.length === 0 || directions.length % wanted.length !== 0) {
    throw new Error(`${directions.length} numbers are no directions at ${wanted.length} taps`);
  }
  return { type: "probe", taps: Int32Array.from(wanted, (tap) => taps.indexOf(formatTap(tap))), directions, bias };
}

interface ConceptPlan {
  readonly forward: Pick<GraphPlan, "views" | "exact" | "background" | "conceptTokens">;
  readonly planOne: (read: ConceptRead) => PlannedConcept;
}

function planConcepts(
  options: ReadPlanOptions,
  concepts: readonly ConceptRead[],
  taps: readonly string[],
): ConceptPlan {
  const { background, lenses = NO_LENS_MAPS } = options;
  const empty = concepts.find((read) => read.tokens.length === 0);
  if (empty) throw new Error(`a concept read at ${formatTap(empty.tap)} has no tokens`);
  const keys = unique(concepts.map(viewKey)).sort((left, right) => Number(isAffine(left)) - Number(isAffine(right)));
  const indexOf = (read: ConceptRead) => keys.indexOf(viewKey(read));
  const views = keys.map((key) => {
    const [lens, name] = key.split(" ") as [LensName, string];
    return viewOf(lenses, lens, { name, index: taps.indexOf(name) });
  });
  const viewsWith = (yardstick: ConceptRead["yardstick"]) =>
    unique(concepts.filter((read) => read.yardstick === yardstick).map(indexOf));
  const exact = viewsWith("exact");
  const groups = groupViews(viewsWith("background"), { keys, background });
  const samples = groups.map((group) => new Set(group.tokens));
  const tokens = unique(concepts.flatMap((read) => [...read.tokens]));
  const columnOf = new Map(tokens.map((token, column) => [token, column]));
  const columns = (wanted: readonly number[]) => Int32Array.from(wanted, (token) => columnOf.get(token) ?? 0);

  const planYardstick = (read: ConceptRead, view: number): PlannedYardstick => {
    if (read.yardstick === "exact") return { type: "exact", index: exact.indexOf(view) };
    const group = groups.findIndex((each) => each.views.includes(view));
    const overlap = read.tokens.filter((token) => samples[group]?.has(token));
    const size = (samples[group]?.size ?? 0) - overlap.length;
    if (size === 0) {
      const tap = formatTap(read.tap);
      throw new Error(`the concept read at ${tap} is all of the background; ask for the exact yardstick`);
    }
    return {
      type: "background",
      group,
      index: groups[group]?.views.indexOf(view) ?? 0,
      overlap: columns(overlap),
      size,
    };
  };
  return {
    forward: { views, exact, background: groups, conceptTokens: Int32Array.from(tokens) },
    planOne: (read) => {
      const view = indexOf(read);
      return { type: "concept", view, columns: columns(read.tokens), yardstick: planYardstick(read, view) };
    },
  };
}

/** `"centred 23.attn_out"` */
function viewKey({ lens = "logit", tap }: ConceptRead): string {
  return `${lens} ${formatTap(tap)}`;
}

function isAffine(key: string): boolean {
  return key.startsWith("tuned ");
}

// Views of taps without a sample of their own share the common one, and one product; so do two lenses of one tap.
function groupViews(
  indices: readonly number[],
  { keys, background }: { keys: readonly string[]; background: ReadPlanOptions["background"] },
): BackgroundGroup[] {
  const tapOf = (index: number) => keys[index]?.split(" ")[1] ?? "";
  const shared = indices.filter((index) => !background.taps.has(tapOf(index)));
  const own = [...background.taps].flatMap(([tap, tokens]) => {
    const views = indices.filter((index) => tapOf(index) === tap);
    return views.length > 0 ? [{ views, tokens }] : [];
  });
  return shared.length > 0 ? [{ views: shared, tokens: background.tokens }, ...own] : own;
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
