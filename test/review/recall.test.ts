import { expect, test } from "vitest";
import type { Answer, JudgedReply } from "../../src/review/judged-reply.ts";
import { boundsOf, estimatePrecision, estimateRecall, shareFound } from "../../src/review/recall.ts";
import { PLAIN_WEEK, simulateWeek } from "../support/simulated-week.ts";

function many(count: number, answer: Answer | null, changes: Partial<JudgedReply> = {}): JudgedReply[] {
  const reply = { score: 0, fired: false, frame: "clear", probability: 0.1, answer, ...changes } as const;
  return Array.from({ length: count }, () => reply);
}

const flagged = { score: 5, fired: true, frame: "flagged", probability: 1 } as const;

test("recall is what was found of what was found and missed, each miss weighing one over its probability", () => {
  const replies = [
    ...many(60, "positive", flagged),
    ...many(40, "negative", flagged),
    ...many(3, "positive"),
    ...many(97, "negative"),
    ...many(900, null),
  ];
  const recall = estimateRecall(replies);
  expect(recall?.point).toBeCloseTo(60 / (60 + 30));
  expect(recall?.lower).toBeGreaterThan(0.35);
  expect(recall?.upper).toBeLessThan(0.95);
  expect(estimatePrecision(replies)).toMatchObject({ point: 0.6, lower: 0.6, upper: 0.6 });
});

test("everything looked at leaves nothing open", () => {
  const all = [
    ...many(3, "positive", flagged),
    ...many(1, "positive", { probability: 1 }),
    ...many(9, "negative", { probability: 1 }),
  ];
  expect(estimateRecall(all)).toEqual({ point: 0.75, lower: 0.75, upper: 0.75 });
});

test("twenty clear replies without a miss leave recall nearly open", () => {
  const recall = estimateRecall([...many(60, "positive", flagged), ...many(20, "negative"), ...many(19_980, null)]);
  expect(recall).toMatchObject({ point: 1, upper: 1 });
  expect(recall?.lower).toBeLessThan(0.05);
});

test("without a verdict on a clear reply recall is unknown, and without one on a flagged reply precision is", () => {
  expect(estimateRecall([...many(10, "positive", flagged), ...many(100, null)])).toBeNull();
  expect(estimateRecall(many(10, "positive", flagged))).toBeNull();
  expect(estimatePrecision([...many(10, null, flagged), ...many(10, "negative")])).toBeNull();
});

test("unsure verdicts widen both intervals", () => {
  const width = (unsure: number) => {
    const silent = [...many(200 - unsure, "negative"), ...many(unsure, "unsure"), ...many(1800, null)];
    const recall = estimateRecall([...many(50, "positive", flagged), ...silent]);
    return recall === null ? NaN : recall.upper - recall.lower;
  };
  expect(width(10)).toBeGreaterThan(width(0) + 0.1);
});

test("equal replies give equal estimates, and bounds hold the value", () => {
  const { replies } = simulateWeek({ ...PLAIN_WEEK, replies: 4000, clear: 0.1, near: 0.5 }, 3);
  expect(estimateRecall(replies)).toEqual(estimateRecall(replies));
  expect(boundsOf(0.9, { low: [0.2], high: [0.5] })).toEqual({ point: 0.9, lower: 0.2, upper: 0.9 });
  expect(boundsOf(NaN, { low: [0], high: [1] }).point).toBe(0.5);
  expect(shareFound(0, 0, 0.25)).toBe(0.25);
});

test("over simulated weeks the interval holds the true recall", () => {
  const weeks = Array.from({ length: 20 }, (_, seed) =>
    simulateWeek({ ...PLAIN_WEEK, replies: 4000, prevalence: 0.02, clear: 0.1, near: 0.5, worked: 0.5 }, seed + 1),
  );
  const held = weeks.filter(({ replies, recall }) => {
    const estimate = estimateRecall(replies);
    return estimate !== null && estimate.lower <= recall && recall <= estimate.upper;
  });
  expect(held.length).toBeGreaterThanOrEqual(18);
});
