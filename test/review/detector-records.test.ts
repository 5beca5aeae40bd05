import { expect, test } from "vitest";
import { recordsOf } from "../../src/review/detector-records.ts";
import { outcomesOf } from "../../src/review/verdict-record.ts";
import { sampleDecision } from "../conformance/samples.ts";
import { scoredRow } from "./scored-week.ts";

const sampling = { clear: 0.1, near: 0.5, nearDetectors: [], drawn: null };

test("rows and verdicts meet by trace, each in its frame with the probability of its draw", () => {
  const rows = [
    scoredRow(1, 5, { fired: true, flagged: true, sampling }),
    scoredRow(2, 1, { sampling: { ...sampling, drawn: "a" } }),
    scoredRow(3, 2, { sampling: { ...sampling, nearDetectors: ["a"] } }),
    scoredRow(4, 0),
  ];
  const verdicts = [
    sampleDecision(1, { detector: "a", verdict: "true_positive" }),
    sampleDecision(2, { detector: "a", verdict: "false_positive" }),
  ];
  const record = recordsOf(rows, outcomesOf(verdicts)).get("a");
  expect(record).toMatchObject({ replies: 4, flagged: 1, reviewed: 1, sampled: 1, sampledReviewed: 1, unsure: 0 });
  expect(record?.drawnTime).toEqual([
    { score: 5, fired: true, frame: "flagged", probability: 1, answer: "positive" },
    { score: 1, fired: false, frame: "clear", probability: 0.1, answer: "negative" },
    { score: 2, fired: false, frame: "near", probability: 0.5, answer: null },
  ]);
  expect(record?.every).toHaveLength(4);
  expect(record?.fired).toHaveLength(1);
});

test("a verdict answers for the detector that was asked about alone, and detectors share the draw", () => {
  const [own] = scoredRow(1, 5, { fired: true }).scores;
  if (!own) throw new Error("no score");
  const scores = [own, { ...own, detector: "b" }, { ...own, detector: "c", fired: false, score: 0 }];
  const flagged = scoredRow(1, 5, { flagged: true, sampling, scores });
  const drawn = scoredRow(2, 5, {
    sampling: { ...sampling, drawn: "b" },
    scores: scores.map((each) => ({ ...each, fired: false })),
  });
  const verdicts = [
    sampleDecision(1, { detector: "a", verdict: "true_positive" }),
    sampleDecision(2, { detector: "b", verdict: "unsure" }),
  ];
  const records = recordsOf([flagged, drawn], outcomesOf(verdicts));
  expect(records.get("b")).toMatchObject({ flagged: 1, reviewed: 0, sampled: 1, unsure: 1 });
  expect(records.get("c")).toMatchObject({ flagged: 0, flaggedByOthers: 1 });
  expect(records.get("a")?.drawnTime[1]?.probability).toBeCloseTo(0.1 / 3);
});

test("rows of another definition than the newest one's are left out and counted", () => {
  const [own] = scoredRow(1, 5).scores;
  if (!own) throw new Error("no score");
  const older = scoredRow(1, 5, { scores: [{ ...own, hash: "f".repeat(16) }] });
  expect(recordsOf([scoredRow(2, 1), older], new Map()).get("a")).toMatchObject({ replies: 1, otherDefinition: 1 });
});

test("a verdict answers for replies that joined its item as alike, for the detector that was asked about", () => {
  const rows = [1, 2, 3].map((number) => scoredRow(number, 5, { fired: true, flagged: true }));
  const joined = new Map([
    [rows[1]?.traceId ?? "", { item: rows[0]?.traceId ?? "", alike: true }],
    [rows[2]?.traceId ?? "", { item: rows[0]?.traceId ?? "", alike: false }],
  ]);
  const about = (detector: string) => outcomesOf([sampleDecision(1, { detector, verdict: "true_positive" })]);
  const record = recordsOf(rows, about("a"), joined).get("a");
  expect(record).toMatchObject({ flagged: 3, reviewed: 2, carried: 1, flooded: 1 });
  expect(record?.fired.map(({ answer, item }) => [answer, item])).toEqual([
    ["positive", rows[0]?.traceId],
    ["positive", rows[0]?.traceId],
    [null, undefined],
  ]);
  expect(recordsOf(rows, about("b"), joined).get("a")).toMatchObject({ reviewed: 0, carried: 0 });
});
