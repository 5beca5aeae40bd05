import type { ForwardPlan } from "../model/forward.ts";
import type { BackgroundGroup } from "../model/graph.ts";
import type { Background } from "./background.ts";
import type { ConceptRead } from "./reading.ts";
import { formatTap } from "./tap.ts";

/** Everything the graph is built from, and how to find each read in what it returns. */
export interface ReadPlan {
  readonly forward: ForwardPlan;
  /** One entry a read, in the order asked. */
  readonly reads: readonly PlannedRead[];
  readonly vocabulary: number;
}

/** Where one read lies in a result: T taps, R concept rows. */
export interface PlannedRead {
  /** Index into the plan's taps. */
  readonly tap: number;
  /** Columns of the concept's tokens in the concept rows. `[tokens]` */
  readonly columns: Int32Array;
  readonly yardstick: PlannedYardstick;
}

/** What a read is compared with. */
export type PlannedYardstick =
  | { readonly type: "exact"; readonly index: number }
  | {
      readonly type: "background";
      readonly group: number;
      /** Index of the tap within its group. */
      readonly index: number;
      /** Columns of the concept's tokens that are also in the sample: they are taken out of it. */
      readonly overlap: Int32Array;
      /** Tokens of the sample without those. */
      readonly size: number;
    };

export interface ReadPlanOptions {
  readonly reads: readonly ConceptRead[];
  readonly background: Pick<Background, "tokens" | "taps">;
  readonly vocabulary: number;
  readonly contextTokens: number;
}

/** Merges the reads of all detectors: every tap once, every token one row for all taps. Throws for a read that could only say nothing. */
export function planReads({ reads, background, vocabulary, contextTokens }: ReadPlanOptions): ReadPlan {
  const empty = reads.find((read) => read.tokens.length === 0);
  if (empty) throw new Error(`a concept read at ${formatTap(empty.tap)} has no tokens`);
  const taps = unique(reads.map((read) => formatTap(read.tap)));
  const tokens = unique(reads.flatMap((read) => [...read.tokens]));
  const columnOf = new Map(tokens.map((token, column) => [token, column]));
  const columns = (wanted: readonly number[]) => Int32Array.from(wanted, (token) => columnOf.get(token) ?? 0);
  const tapsWith = (yardstick: ConceptRead["yardstick"]) =>
    unique(reads.filter((read) => read.yardstick === yardstick).map((read) => taps.indexOf(formatTap(read.tap))));
  const exact = tapsWith("exact");
  const groups = groupTaps(tapsWith("background"), { taps, background });
  const samples = groups.map((group) => new Set(group.tokens));

  const planYardstick = (read: ConceptRead, tap: number): PlannedYardstick => {
    if (read.yardstick === "exact") return { type: "exact", index: exact.indexOf(tap) };
    const group = groups.findIndex((each) => each.taps.includes(tap));
    const overlap = read.tokens.filter((token) => samples[group]?.has(token));
    const size = (samples[group]?.size ?? 0) - overlap.length;
    if (size === 0)
      throw new Error(`the concept read at ${taps[tap]} is all of the background; ask for the exact yardstick`);
    return { type: "background", group, index: groups[group]?.taps.indexOf(tap) ?? 0, overlap: columns(overlap), size };
  };
  return {
    vocabulary,
    forward: { taps, exact, background: groups, contextTokens, conceptTokens: Int32Array.from(tokens) },
    reads: reads.map((read) => {
      const tap = taps.indexOf(formatTap(read.tap));
      return { tap, columns: columns(read.tokens), yardstick: planYardstick(read, tap) };
    }),
  };
}

// Taps without a sample of their own share the common one, and one product.
function groupTaps(
  indices: readonly number[],
  { taps, background }: { taps: readonly string[]; background: ReadPlanOptions["background"] },
): BackgroundGroup[] {
  const ownOf = (index: number) => background.taps.get(taps[index] ?? "");
  const shared = indices.filter((index) => !ownOf(index));
  const own = indices.flatMap((index) => {
    const tokens = ownOf(index);
    return tokens ? [{ taps: [index], tokens }] : [];
  });
  return shared.length > 0 ? [{ taps: shared, tokens: background.tokens }, ...own] : own;
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
