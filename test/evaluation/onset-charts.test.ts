import { expect, test } from "vitest";
import { caughtChart, delayChart, leakChart, leakText } from "../../src/evaluation/onset-charts.ts";
import { drawChart } from "../../src/evaluation/plots.ts";
import { sampleOnset } from "./sample-evaluation.ts";

test("both curves have one dot a hold, and the recommended hold as a line", () => {
  for (const chart of [caughtChart(sampleOnset()), leakChart(sampleOnset())]) {
    expect(chart.x.ticks).toEqual([0, 1, 4, 8, 16]);
    const svg = String(drawChart(chart));
    expect(svg.match(/<circle/g)).toHaveLength(10);
    expect(svg).toContain("<title>recommended hold: 4</title>");
  }
  expect(caughtChart(sampleOnset()).description).toContain(
    "hold 16: caught 90.0 % (80.0 to 100.0 %), nothing leaked 84.0 %",
  );
  expect(leakChart(sampleOnset()).description).toContain("hold 0: 5 in the middle, 12.5 for the worst tenth");
});

test("where nothing was caught there is a gap, and words for it", () => {
  const points = sampleOnset().points.map((point) => ({ ...point, leakedMedian: null, leakedP90: null }));
  const svg = String(drawChart(leakChart(sampleOnset({ points }))));
  expect(svg).not.toContain("<circle");
  expect([null, 4, 4.5, NaN].map(leakText)).toEqual(["none caught", "4", "4.5", "not defined"]);
});

test("every delay is counted once, in at most 33 bars", () => {
  const counted = (delays: number[]) =>
    delayChart(sampleOnset({ delays })).marks.flatMap((mark) => (mark.mark === "boxes" ? mark.spans : []));
  expect(counted([0, 1, 1, 2]).map(({ y2 }) => y2)).toEqual([1, 2, 1]);
  const many = counted(Array.from({ length: 1_000 }, (_, index) => index));
  expect(many.length).toBeLessThanOrEqual(33);
  expect(many.reduce((sum, { y2 }) => sum + y2, 0)).toBe(1_000);
  expect(counted([NaN, Infinity, 3]).reduce((sum, { y2 }) => sum + y2, 0)).toBe(1);
  expect(counted([])).toMatchObject([{ y2: 0 }]);
});
