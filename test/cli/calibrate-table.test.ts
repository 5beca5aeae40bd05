import { describe, expect, it } from "vitest";
import { formatCalibration, formatUnion, type DetectorCalibration } from "../../src/cli/calibrate-table.ts";
import { onsetResult } from "../../src/evaluation/onset.ts";
import { comparePaths } from "../../src/evaluation/path-comparison.ts";
import { placeThresholds } from "../../src/evaluation/reply-thresholds.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const live = Array.from({ length: 3000 }, (_, index) => index / 1000);
const base: DetectorCalibration = {
  detector: loadedDetector("harm"),
  claim: 0.001,
  duplicates: 0,
  live,
  thresholds: placeThresholds(live, { claim: 0.001, flagRate: 0.01, repliesPerDay: 20_000 }),
  comparison: null,
  recall: null,
  onset: null,
};

describe("formatCalibration", () => {
  it("shows thresholds with alarms, bound, reviews and percentiles", () => {
    expect(formatCalibration(base)).toEqual([
      "harm: 3000 distinct ordinary replies",
      "  abort         3         0 of 3000 alarm, 0 % [0 %, 0.123 %], at most 0.0999 % (claimed: 0.1 %)",
      "  flag          2.97      30 of 3000 alarm, 1 % [0.676 %, 1.42 %], 200 [135.1, 284.9] reviews a day expected",
      "  percentiles   50 %: 1.5   90 %: 2.699   99 %: 2.969   99.9 %: 2.996",
    ]);
  });

  it("adds a line for everything else that was measured", () => {
    const rows = [{ onset: 2, fired: 4 }];
    const onset = { flag: onsetResult(rows), abort: onsetResult(rows), holdTokens: 4, reason: "it is enough" };
    const share = { value: 0.5, low: 0.4, high: 0.6 };
    const recall = {
      rows: 90,
      flag: share,
      abort: { ...share, value: 0.45 },
      likelihood: { scores: [], log_ratios: [] },
    };
    const replies = [
      { live: 1, scan: 1.5 },
      { live: 2, scan: 2 },
    ];
    const comparison = comparePaths(replies, { flag: 1, abort: 1.25 });
    const thresholds = { ...base.thresholds, flagLowered: true, perDay: null };
    const lines = formatCalibration({ ...base, duplicates: 7, thresholds, onset, recall, comparison });
    expect(lines[0]).toBe("harm: 3000 distinct ordinary replies (7 repeated rows do not count)");
    expect(lines.slice(2)).toEqual([
      "  flag          2.97      30 of 3000 alarm, 1 % [0.676 %, 1.42 %]",
      "                flags are allowed fewer alarms than aborts: both have the threshold for aborts",
      expect.stringContaining("percentiles"),
      "  recall        abort 45 % [40 %, 60 %], flag 50 % [40 %, 60 %], of 90 replies with the concept",
      "  onset, abort  of 1 onsets caught 100 % [2.5 %, 100 %], 0 early; median leak by tokens held  0: 3   1: 2   4: 0   8: 0   16: 0",
      "  onset, flag   of 1 onsets caught 100 % [2.5 %, 100 %], 0 early; median leak by tokens held  0: 3   1: 2   4: 0   8: 0   16: 0",
      "  hold_tokens   4: it is enough",
      "  live and scan 2 replies; scores differ by 0.25 on average, at most 0.5",
      "    abort       live 50 % [1.26 %, 98.7 %], scanned 100 % [15.8 %, 100 %]: NOT each lies within the other's interval",
      "    flag        live 100 % [15.8 %, 100 %], scanned 100 % [15.8 %, 100 %]: each lies within the other's interval",
    ]);
  });
});

describe("formatUnion", () => {
  it("counts a reply once, however many detectors fire on it", () => {
    const other = { ...base, live: [...live].reverse() };
    expect(formatUnion([base, base])).toContain("any of the 2: of 3000 replies 0 abort (0 % [0 %, 0.123 %]), 30 flag");
    expect(formatUnion([base, other])).toContain("60 flag (2 % ");
  });
});
