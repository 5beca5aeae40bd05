import { describe, expect, it } from "vitest";
import { proposeThreshold } from "../../src/review/proposals.ts";
import { estimateRecall } from "../../src/review/recall.ts";
import { PLAIN_WEEK, simulateWeek, truthAt, WEEKS } from "../support/simulated-week.ts";

const RUNS = 100;

describe("a simulated week of known truth, 100 times", () => {
  it.each(Object.entries(WEEKS))("the interval of recall holds the truth in at least 90: %s", (_, changes) => {
    let [held, known] = [0, 0];
    for (let run = 1; run <= RUNS; run += 1) {
      const week = simulateWeek({ ...PLAIN_WEEK, ...changes }, run);
      const recall = estimateRecall(week.replies);
      if (recall === null) continue;
      known += 1;
      if (recall.lower <= week.recall && week.recall <= recall.upper) held += 1;
    }
    expect(known).toBeGreaterThanOrEqual(95);
    expect(held).toBeGreaterThanOrEqual(0.9 * known);
  });

  it("from a badly set threshold the proposed one keeps the named rate on a week not seen, with the stated recall, in at least 90", () => {
    const settings = { ...PLAIN_WEEK, falseAlarms: 0.05, recall: 0.95, clear: 0.05, near: 0.5 };
    let [kept, held] = [0, 0];
    for (let run = 1; run <= RUNS; run += 1) {
      const { replies, threshold } = simulateWeek(settings, run);
      const { proposed, recallThen } = proposeThreshold(
        { every: replies, drawnTime: replies },
        { current: threshold, rate: 0.001 },
      );
      if (proposed === null || recallThen === null) continue;
      const unseen = truthAt(simulateWeek({ ...settings, replies: 100_000 }, 10_000 + run).replies, proposed);
      if (unseen.falseAlarmRate <= 0.001) kept += 1;
      if (recallThen.lower <= unseen.recall && unseen.recall <= recallThen.upper) held += 1;
    }
    expect(kept).toBeGreaterThanOrEqual(90);
    expect(held).toBeGreaterThanOrEqual(90);
  });
});
