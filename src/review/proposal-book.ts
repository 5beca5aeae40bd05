import type { Proposal } from "./proposal-list.ts";
import { GatewayError } from "../errors.ts";
import type { StatisticsReader } from "./statistics.ts";
import { writeThreshold, type ThresholdChange, type WriterParts, type WrittenThreshold } from "./threshold-writer.ts";

/** Thresholds that the verdicts suggest, and their writing. */
export interface ThresholdBook {
  /** For a share of false alarms, 0 to 1. */
  list(rate: number): Promise<Proposal[]>;
  /** Throws `GatewayError` where the scores do not carry the rate at this threshold. */
  write(change: Omit<ThresholdChange, "at">): Promise<WrittenThreshold>;
}

/** What proposals are made of, and where thresholds are written. */
export interface ThresholdBookParts {
  readonly statistics: Pick<StatisticsReader, "propose" | "assess">;
  /** The threshold for flags of a detector or combination; null for an unknown one. */
  readonly currentOf: (detector: string) => number | null;
  readonly writer: WriterParts;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Makes the book. Nothing is written but by `write`. */
export function createThresholdBook({
  statistics,
  currentOf,
  writer,
  clock = Date.now,
}: ThresholdBookParts): ThresholdBook {
  return {
    list: (rate) => statistics.propose({ rate, currentOf }),
    async write(change) {
      const current = currentOf(change.detector);
      const assessment = current === null ? undefined : await statistics.assess({ ...change, current });
      if (assessment === undefined)
        throw new GatewayError("not_found", `There are no scores of a detector ${change.detector}.`);
      return writeThreshold(writer, { ...change, at: clock() }, assessment);
    },
  };
}
