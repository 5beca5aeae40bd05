// How often the interval of recall holds the truth, over simulated weeks whose truth is known.
//
// usage: npx tsx bench/recall.ts [runs=100]
import { estimatePrecision, estimateRecall } from "../src/review/recall.ts";
import { PLAIN_WEEK, simulateWeek, WEEKS } from "../test/support/simulated-week.ts";

const runs = Number(process.argv[2] ?? 100);
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
