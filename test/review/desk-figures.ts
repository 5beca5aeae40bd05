const estimate = (point: number, lower: number, upper: number) => ({ point, lower, upper });

/** What a desk of some weeks answers. */
export const STATISTICS = {
  perDetector: [
    {
      detector: "country-channel",
      flagged: 412,
      reviewed: 238,
      precision: estimate(0.914, 0.872, 0.945),
      recall: estimate(0.71, 0.52, 0.86),
      replies: 48_210,
      sampled: 131,
    },
    {
      detector: "deception-lie",
      flagged: 61,
      reviewed: 44,
      precision: estimate(0.386, 0.257, 0.532),
      recall: estimate(0.44, 0.12, 0.83),
      replies: 48_210,
      sampled: 58,
    },
    { detector: "audit-approval", flagged: 3, reviewed: 0, precision: null, recall: null, replies: 48_210, sampled: 0 },
  ],
  agreement: { pairs: 34, percent: 88.2, kappa: 0.71 },
  throughput: Array.from({ length: 14 }, (_, index) => ({
    day: `2026-11-${String(13 + index).padStart(2, "0")}`,
    decided: [12, 31, 44, 0, 2, 27, 38, 41, 29, 33, 1, 0, 36, 22][index] ?? 0,
  })),
  waiting: 9,
  oldestWaitingMs: 7_400_000,
  medianWaitMs: 540_000,
};

/** What the verdicts of a desk of some weeks suggest. */
export const PROPOSALS = [
  {
    detector: "country-channel",
    current: 5,
    proposed: 4.31,
    rate: 0.001,
    alarmsNow: estimate(0.0004, 0.0002, 0.0009),
    alarmsThen: estimate(0.001, 0.0006, 0.0016),
    recallNow: estimate(0.71, 0.52, 0.86),
    recallThen: estimate(0.83, 0.61, 0.94),
    verdicts: 238,
    replies: 48_210,
    falseAlarms: 0.00093,
    caveats: [
      "Between 4.31 and 5.00 there are 11 verdicts; the alarms added there are known to ± 40 %.",
      "All verdicts are from one week.",
    ],
  },
  {
    detector: "deception-lie",
    current: 2.5,
    proposed: null,
    rate: 0.001,
    alarmsNow: estimate(0.0021, 0.0012, 0.0034),
    alarmsThen: estimate(0.0021, 0.0012, 0.0034),
    recallNow: null,
    recallThen: null,
    verdicts: 44,
    replies: 48_210,
    falseAlarms: null,
    caveats: ["No threshold of this detector reaches the rate with these verdicts."],
  },
];
