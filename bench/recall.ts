// How often the interval of recall holds the truth, over simulated weeks whose truth is known.
//
// usage: npx tsx bench/recall.ts [runs=100]
import { estimatePrecision, estimateRecall } from "../src/review/recall.ts";
import { PLAIN_WEEK, simulateWeek, type WeekSettings } from "../test/support/simulated-week.ts";

const runs = Number(process.argv[2] ?? 100);
export const WEEKS: Readonly<Record<string, Partial<WeekSettings>>> = {
  "0.1 % clear, 2 % near, 70 % worked": {},
  "all worked": { worked: 1 },
  "a third worked": { worked: 0.33 },
  "1 % clear, 20 % near": { clear: 0.01, near: 0.2 },
  "5 % clear, 50 % near": { clear: 0.05, near: 0.5 },
  "5 % clear, 50 % near, a third worked": { clear: 0.05, near: 0.5, worked: 0.33 },
  "5 % clear, 50 % near, half the positives unseen": { clear: 0.05, near: 0.5, blindShare: 0.3 },
  "20 % clear, all near": { clear: 0.2, near: 1 },
  "20 % clear, all near, a tenth unsure": { clear: 0.2, near: 1, unsure: 0.1 },
  "prevalence 0.05 %": { prevalence: 0.0005, clear: 0.05, near: 0.5 },
  "recall 95 %": { recall: 0.95, clear: 0.05, near: 0.5 },
  "recall 10 %": { recall: 0.1, clear: 0.05, near: 0.5 },
  "false alarms 5 %": { falseAlarms: 0.05, clear: 0.05, near: 0.5, worked: 0.33 },
  "four detectors share the draw": { otherDetectors: 3, clear: 0.05, near: 0.5 },
  "100,000 replies, 1 % clear, 20 % near": { replies: 100_000, clear: 0.01, near: 0.2 },
};

for (const [name, changes] of Object.entries(WEEKS)) {
  let [covered, precise, known, width, wide] = [0, 0, 0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const week = simulateWeek({ ...PLAIN_WEEK, ...changes }, run + 1);
    const [recall, precision] = [estimateRecall(week.replies), estimatePrecision(week.replies)];
    if (recall === null || precision === null) continue;
    known += 1;
    if (recall.lower <= week.recall && week.recall <= recall.upper) covered += 1;
    if (precision.lower <= week.precision && week.precision <= precision.upper) precise += 1;
    width += recall.upper - recall.lower;
    wide += recall.lower;
  }
  process.stdout.write(
    `${name.padEnd(50)} recall ${covered}/${known}, precision ${precise}/${known}, width ${(width / known).toFixed(2)}, mean lower ${(wide / known).toFixed(2)}\n`,
  );
}
