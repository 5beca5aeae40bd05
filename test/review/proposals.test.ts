import { expect, test } from "vitest";
import type { Answer, JudgedReply } from "../../src/review/judged-reply.ts";
import { proposeThreshold, recallAtThreshold } from "../../src/review/proposals.ts";
import { cutCells } from "../../src/review/reply-cells.ts";
import { PLAIN_WEEK, simulateWeek, truthAt } from "../support/simulated-week.ts";

function propose(replies: readonly JudgedReply[], choice: Parameters<typeof proposeThreshold>[1]) {
  return proposeThreshold({ every: replies, drawnTime: replies }, choice);
}

const silent = Array.from({ length: 5000 }, (_, index): JudgedReply => {
  const answer = index % 10 === 0 ? "negative" : null;
  return { score: -index / 5000, fired: false, frame: "clear", probability: 0.1, answer };
});
const alarms = (answer: (rank: number) => Answer | null) =>
  Array.from({ length: 100 }, (_, rank): JudgedReply => {
    return { score: 101 - rank, fired: true, frame: "flagged", probability: 1, answer: answer(rank) };
  });

test("confirmed alarms are no false ones: the threshold goes as low as the false ones allow", () => {
  const replies = [...silent, ...alarms((rank) => (rank < 50 ? "positive" : "negative"))];
  const { proposed, falseAlarms, recallThen, recallNow, alarmsNow, alarmsThen } = propose(replies, {
    current: 1,
    rate: 0.005,
  });
  // 16 false alarms among 5,050 replies without the concept are the most that carry 0.5 % with 95 % confidence.
  expect(replies.filter(({ score }) => score >= (proposed ?? 0))).toHaveLength(50 + 16);
  expect(falseAlarms).toBeLessThanOrEqual(0.005);
  expect(recallThen?.point).toBe(recallNow?.point);
  expect([alarmsNow.point, alarmsThen.point]).toEqual([100 / 5100, 66 / 5100]);
});

test("alarms without a verdict, and unsure ones, count as false", () => {
  for (const answer of [null, "unsure"] as const) {
    const { proposed } = propose([...silent, ...alarms(() => answer)], { current: 1, rate: 0.005 });
    expect(proposed).toBeGreaterThan(84);
  }
});

test("too few replies carry no proposal, and nothing is said of the change", () => {
  const replies = [...silent.slice(0, 500), ...alarms(() => "negative")];
  expect(propose(replies, { current: 1, rate: 0.001 })).toMatchObject({ proposed: null, falseAlarms: null });
});

test("a threshold that someone chose is looked at in place of the lowest", () => {
  const replies = [...silent, ...alarms((rank) => (rank < 50 ? "positive" : "negative"))];
  expect(propose(replies, { current: 1, rate: 0.005, threshold: 76.5 })).toMatchObject({
    proposed: 76.5,
    recallThen: { point: 0.5 },
  });
});

test("without drawn replies recall is unknown before and after, and a rate can be named all the same", () => {
  const every = [...silent, ...alarms(() => "negative")];
  const result = proposeThreshold({ every, drawnTime: [] }, { current: 1, rate: 0.005 });
  expect(result).toMatchObject({ recallNow: null, recallThen: null });
  expect(result.proposed).toBeGreaterThan(80);
});

test("where a threshold cuts a cell, its positives may lie on either side", () => {
  const half = alarms((rank) => (rank % 2 === 0 ? "positive" : null)).slice(0, 20);
  const recall = recallAtThreshold(cutCells([...silent, ...half]), 91.5);
  expect(recall?.lower).toBeLessThan(0.5);
  expect(recall?.upper).toBeGreaterThan(0.6);
});

test("from a threshold set much too low the named rate is kept on a week not seen", () => {
  const settings = { ...PLAIN_WEEK, replies: 10_000, falseAlarms: 0.05, recall: 0.95, clear: 0.05, near: 0.5 };
  const weeks = Array.from({ length: 6 }, (_, seed) => simulateWeek(settings, seed + 1));
  const kept = weeks.filter((week, index) => {
    const { proposed, recallThen } = propose(week.replies, { current: week.threshold, rate: 0.003 });
    const unseen = truthAt(simulateWeek(settings, 100 + index).replies, proposed ?? 0);
    const stated = recallThen ?? { lower: 1, upper: 0 };
    const own = truthAt(week.replies, proposed ?? 0);
    return unseen.falseAlarmRate <= 0.003 && stated.lower <= own.recall && own.recall <= stated.upper;
  });
  expect(kept.length).toBeGreaterThanOrEqual(5);
});
