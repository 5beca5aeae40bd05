import { expect, test } from "vitest";
import { createStatistics } from "../../src/review/statistics.ts";
import { floodOf } from "../../src/queue/queue.ts";
import { sampleDecision, sampleItem } from "../conformance/samples.ts";
import { PLAIN_WEEK } from "../support/simulated-week.ts";
import { openWeek, scoredRow, WEEK_AT } from "./scored-week.ts";

const DAY = 86_400_000;
const SETTINGS = { ...PLAIN_WEEK, replies: 3000, prevalence: 0.02, clear: 0.1, near: 0.5 };

test("rows and verdicts of real stores give precision and recall that hold the truth, and waits", async () => {
  const { scores, decisions, queue, week } = await openWeek(SETTINGS, 5);
  const statistics = await createStatistics({
    scores,
    decisions,
    queue,
    windowMs: DAY,
    clock: () => WEEK_AT + 9000,
  }).read();
  const [own] = statistics.perDetector;
  const answered = week.replies.filter(({ answer, frame }) => answer !== null && frame !== "flagged");
  expect(own).toMatchObject({ detector: "a", replies: 3000, sampled: answered.length });
  expect(own?.recall?.lower).toBeLessThanOrEqual(week.recall);
  expect(own?.recall?.upper).toBeGreaterThanOrEqual(week.recall);
  expect(own?.precision?.lower).toBeLessThanOrEqual(week.precision);
  expect(own?.precision?.upper).toBeGreaterThanOrEqual(week.precision);
  expect(statistics).toMatchObject({ agreement: null, waiting: 0, medianWaitMs: 60_000 });
  expect(statistics.throughput).toHaveLength(14);
});

test("an empty desk has statistics, too", async () => {
  const { scores, decisions, queue } = await openWeek({ ...SETTINGS, replies: 0 }, 1);
  const statistics = createStatistics({ scores, decisions, queue, windowMs: DAY });
  expect(await statistics.read()).toMatchObject({ perDetector: [], agreement: null, medianWaitMs: null });
  expect(await statistics.propose({ rate: 0.01, currentOf: () => 1 })).toEqual([]);
  expect(await statistics.assess({ detector: "a", rate: 0.01, current: 1, threshold: 2 })).toBeUndefined();
});

test("a recent answer is taken again, an old one and a failure are not", async () => {
  const { scores, decisions, queue } = await openWeek({ ...SETTINGS, replies: 0 }, 1);
  let [now, fails] = [WEEK_AT, true];
  const stats: typeof queue.stats = () => (fails ? Promise.reject(new Error("away")) : queue.stats());
  const statistics = createStatistics({
    scores,
    decisions,
    queue: { ...queue, stats },
    windowMs: DAY,
    clock: () => now,
  });
  await expect(statistics.readRecent(1000)).rejects.toThrow("away");
  fails = false;
  const first = await statistics.readRecent(1000);
  now += 1000;
  expect(await statistics.readRecent(1000)).toBe(first);
  now += 1;
  expect(await statistics.readRecent(1000)).not.toBe(first);
});

test("waits are told once, and those from before are not", async () => {
  const { scores, decisions, queue } = await openWeek({ ...SETTINGS, replies: 0 }, 1);
  const statistics = createStatistics({ scores, decisions, queue, windowMs: DAY, clock: () => WEEK_AT + DAY / 2 });
  for (const number of [1, 2]) await scores.add(scoredRow(number, 1, { createdAt: WEEK_AT }));
  await decisions.add(sampleDecision(1, { decidedAt: WEEK_AT + 5 }));
  expect(await statistics.newWaits()).toEqual([]);
  await decisions.add(sampleDecision(2, { decidedAt: WEEK_AT + 70 }));
  await decisions.add(sampleDecision(1, { decidedAt: WEEK_AT + 90 }));
  expect(await statistics.newWaits()).toEqual([70]);
  expect(await statistics.newWaits()).toEqual([]);
});

test("a chosen threshold is assessed on all scores of its definition", async () => {
  const { scores, decisions, queue, week } = await openWeek(SETTINGS, 6);
  const statistics = createStatistics({ scores, decisions, queue, windowMs: DAY, clock: () => WEEK_AT + 9000 });
  const choice = { detector: "a", rate: 0.02, current: week.threshold, threshold: week.threshold };
  const assessment = await statistics.assess(choice);
  expect(assessment).toMatchObject({ hash: "0123456789abcdef", from: WEEK_AT, to: WEEK_AT + 2999 });
  expect(assessment?.scores).toHaveLength(3000);
  expect(assessment?.proposal.proposed).toBe(week.threshold);
});

test("a verdict on an item answers for what joined it as alike, as one observation, and for nothing of a flood", async () => {
  const { scores, decisions, queue } = await openWeek({ ...SETTINGS, replies: 0 }, 1);
  const flagged = { fired: true, flagged: true, createdAt: WEEK_AT };
  // Item 1 stands for 31 traces that are alike, item 40 for five of a flood.
  for (let number = 1; number <= 31; number += 1) {
    await scores.add(scoredRow(number, 5, flagged));
    await queue.enqueue(sampleItem(number, { repetition: "alike" }));
  }
  for (let number = 40; number <= 44; number += 1) {
    await scores.add(scoredRow(number, 5, flagged));
    await queue.enqueue(sampleItem(number, { repetition: floodOf("x") }));
  }
  await decisions.add(sampleDecision(1, { detector: "a", verdict: "true_positive" }));
  await decisions.add(sampleDecision(40, { detector: "a", verdict: "false_positive" }));
  const clock = () => WEEK_AT + DAY / 2;
  const { perDetector } = await createStatistics({ scores, decisions, queue, windowMs: DAY, clock }).read();
  expect(perDetector).toMatchObject([{ flagged: 36, reviewed: 32, carried: 30, flooded: 4 }]);
  // 31 positives, 1 negative and 4 of which two verdicts alone tell: all of them may be false.
  expect(perDetector[0]?.precision?.lower).toBeLessThan(0.9);
  expect(perDetector[0]?.precision?.lower).toBeGreaterThanOrEqual(31 / 36);
  expect(perDetector[0]?.precision?.upper).toBeGreaterThan(0.96);
});
