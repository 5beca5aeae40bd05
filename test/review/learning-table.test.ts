import { expect, test } from "vitest";
import { formatProposal, formatStatistics } from "../../src/review/learning-table.ts";

const estimate = { point: 0.6, lower: 0.12345, upper: 1 };

test("statistics are a few lines a detector, and unknown is said", () => {
  const own = {
    detector: "a\u001b",
    flagged: 9,
    reviewed: 4,
    carried: 2,
    flooded: 3,
    precision: estimate,
    recall: null,
    replies: 100,
    sampled: 3,
  };
  const text = formatStatistics({
    perDetector: [own],
    agreement: { pairs: 50, percent: 70, kappa: 0.4 },
    throughput: [{ day: "2030-01-31", decided: 4 }],
    waiting: 5,
    oldestWaitingMs: 120_000,
    medianWaitMs: null,
  });
  expect(text.split("\n")).toEqual([
    "a⟨U+001B⟩: 100 replies, 9 flagged (4 with a verdict), 3 drawn",
    "  alike      2 have the verdict of an item that they joined",
    "  flood      3 joined an item with other texts and stay without a verdict",
    "  precision  60 % [12.3 %, 100 %]",
    "  recall     unknown",
    "agreement: 70 % of 50, kappa 0.40",
    "5 waiting, the oldest for 2 min; 4 verdicts in 1 days, median wait unknown",
  ]);
});

test("a proposal shows both thresholds, alarms, recall and every caveat", () => {
  const text = formatProposal({
    detector: "a",
    current: 1,
    proposed: null,
    rate: 0.001,
    alarmsNow: estimate,
    alarmsThen: estimate,
    recallNow: null,
    recallThen: null,
    verdicts: 4,
    replies: 100,
    falseAlarms: null,
    caveats: ["few"],
  });
  expect(text.split("\n")).toEqual([
    "a: 1 → no proposal for false alarms on 0.1 % of replies",
    "  alarms     60 % [12.3 %, 100 %] → 60 % [12.3 %, 100 %]",
    "  recall     unknown → unknown",
    "  from       4 verdicts, 100 replies",
    "  but        few",
  ]);
});
