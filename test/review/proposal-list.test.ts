import { expect, test } from "vitest";
import { recordsOf, type DetectorRecord } from "../../src/review/detector-records.ts";
import { assessThreshold, listProposals } from "../../src/review/proposal-list.ts";
import { outcomesOf } from "../../src/review/verdict-record.ts";
import type { ScoreRow } from "../../src/trace/trace.ts";
import { sampleDecision } from "../conformance/samples.ts";
import { scoredRow } from "./scored-week.ts";

const sampling = { clear: 0.1, near: 0.5, nearDetectors: [], drawn: null };

/** 400 silent replies of which 10 % are drawn, and 12 flagged ones of which 5 are reviewed. */
function rowsOf(withSampling: boolean): ScoreRow[] {
  const silent = Array.from({ length: 400 }, (_, index) => {
    const drawn = index % 10 === 0 ? "a" : null;
    return scoredRow(index, index / 1000, withSampling ? { sampling: { ...sampling, drawn } } : {});
  });
  const flagged = Array.from({ length: 12 }, (_, index) =>
    scoredRow(1000 + index, 5 + index, { fired: true, flagged: true, ...(withSampling ? { sampling } : {}) }),
  );
  return [...silent, ...flagged];
}

function recordOf(withSampling = true, drawnVerdicts = 40): DetectorRecord {
  const verdicts = [
    ...[7, 8, 9, 10, 11].map((index) => sampleDecision(1000 + index, { detector: "a", verdict: "true_positive" })),
    ...Array.from({ length: drawnVerdicts }, (_, index) =>
      sampleDecision(index * 10, { detector: "a", verdict: "false_positive" }),
    ),
  ];
  const record = recordsOf(rowsOf(withSampling), outcomesOf(verdicts)).get("a");
  if (record === undefined) throw new Error("no record");
  return record;
}

test("a proposal names its numbers and what the verdicts cannot show", () => {
  const proposal = assessThreshold(recordOf(), { current: 5, rate: 0.02 });
  expect(proposal).toMatchObject({ detector: "a", current: 5, rate: 0.02, verdicts: 45, replies: 412 });
  expect(proposal.caveats).toEqual([
    "7 of 12 flagged replies have no verdict: where none of a score has, all count as false alarms",
    expect.stringContaining("40 verdicts on drawn replies leave recall nearly open"),
    "verdicts are taken as right, and the replies to come as like those of the window",
  ]);
});

test("too few replies, too few verdicts and no drawn replies are said", () => {
  const few = assessThreshold(recordOf(true, 0), { current: 5, rate: 0.001 });
  expect(few.proposed).toBeNull();
  expect(few.caveats.slice(0, 2)).toEqual([
    "a false-alarm rate of 0.001 at 95 % confidence needs 2995 replies, there are 412",
    "5 verdicts are few: each one moves these numbers",
  ]);
  expect(few.caveats[3]).toContain("0 of 40 drawn replies have a verdict");
  const undrawn = assessThreshold(recordOf(false), { current: 5, rate: 0.05 });
  expect(undrawn.recallThen).toBeNull();
  expect(undrawn.caveats.join()).toContain("no replies were drawn for review");
});

test("a lower threshold says that only drawn replies were looked at below the present one", () => {
  const { proposed, caveats } = assessThreshold(recordOf(), { current: 9, rate: 0.05 });
  expect(proposed).toBeLessThan(9);
  expect(caveats[0]).toContain("below the present one");
});

test("detectors without a known threshold, and those that were not asked for, have no proposal", async () => {
  const record = recordOf();
  const records = [record, { ...record, detector: "b" }, { ...record, detector: "c" }];
  const currentOf = (detector: string) => (detector === "c" ? null : 5);
  let pauses = 0;
  const pause = async () => void (pauses += 1);
  const every = await listProposals(records, { rate: 0.05, currentOf }, pause);
  expect(every.map(({ detector }) => detector)).toEqual(["a", "b"]);
  expect(pauses).toBe(2);
  expect(await listProposals(records, { rate: 0.05, currentOf, only: ["b"] })).toMatchObject([{ detector: "b" }]);
});
