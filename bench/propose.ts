// What `propose` does from a badly set threshold, over simulated weeks whose truth is known: the false-alarm rate of the proposed threshold on a
// week that it has not seen, and whether the stated recall holds there.
//
// usage: npx tsx bench/propose.ts [runs=100]
import { proposeThreshold } from "../src/review/proposals.ts";
import { PLAIN_WEEK, simulateWeek, truthAt, type WeekSettings } from "../test/support/simulated-week.ts";

const runs = Number(process.argv[2] ?? 100);
const SAMPLED = { clear: 0.05, near: 0.5 };
const WEEKS: Readonly<Record<string, { readonly week: Partial<WeekSettings>; readonly rate: number }>> = {
  "alarms on 5 %, asked for 0.5 %": { week: { ...SAMPLED, falseAlarms: 0.05, recall: 0.95 }, rate: 0.005 },
  "alarms on 5 %, asked for 0.1 %": { week: { ...SAMPLED, falseAlarms: 0.05, recall: 0.95 }, rate: 0.001 },
  "the same, a tenth of the queue worked": {
    week: { ...SAMPLED, falseAlarms: 0.05, recall: 0.95, worked: 0.1 },
    rate: 0.001,
  },
  "the same, 5 % unsure": { week: { ...SAMPLED, falseAlarms: 0.05, recall: 0.95, unsure: 0.05 }, rate: 0.001 },
  "alarms on 0.02 %, asked for 0.5 %": { week: { ...SAMPLED, falseAlarms: 0.0002, recall: 0.3 }, rate: 0.005 },
};

for (const [name, { week: changes, rate }] of Object.entries(WEEKS)) {
  const settings = { ...PLAIN_WEEK, ...changes };
  let [kept, now, held, width, seen, share, recalled] = [0, 0, 0, 0, 0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const week = simulateWeek(settings, run + 1);
    const { proposed, recallThen } = proposeThreshold(
      { every: week.replies, drawnTime: week.replies },
      { current: week.threshold, rate },
    );
    if (proposed === null) continue;
    seen += 1;
    const unseen = truthAt(simulateWeek({ ...settings, replies: 100_000 }, 10_000 + run).replies, proposed);
    const own = truthAt(week.replies, proposed);
    share += unseen.falseAlarmRate;
    recalled += unseen.recall;
    if (unseen.falseAlarmRate <= rate) kept += 1;
    if (recallThen === null) continue;
    if (recallThen.lower <= own.recall && own.recall <= recallThen.upper) now += 1;
    if (recallThen.lower <= unseen.recall && unseen.recall <= recallThen.upper) held += 1;
    width += recallThen.upper - recallThen.lower;
  }
  process.stdout.write(
    `${name.padEnd(40)} kept ${kept}/${seen}, mean rate ${(share / seen).toExponential(2)} of ${rate}, mean recall ${(recalled / seen).toFixed(2)}; stated recall holds ${now} on the week, ${held} unseen, width ${(width / seen).toFixed(2)}\n`,
  );
}
