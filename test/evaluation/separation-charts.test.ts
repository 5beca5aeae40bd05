import { expect, test } from "vitest";
import type { Chart, ChartSpan } from "../../src/evaluation/chart.ts";
import { histogramChart, rocChart } from "../../src/evaluation/separation-charts.ts";
import { drawChart } from "../../src/evaluation/plots.ts";
import { sampleForm, sampleTier } from "./sample-evaluation.ts";

/** The boxes or the lines of a chart, mark by mark. */
function spansOf(chart: Chart, kind: "boxes" | "segments"): (readonly ChartSpan[])[] {
  return chart.marks.flatMap((mark) => (mark.mark === kind ? [mark.spans] : []));
}

test("the false-alarm axis goes down to what so many negatives can show, and no further", () => {
  const least = (negatives: number) => rocChart(sampleForm({ negatives })).x.domain[0];
  expect([0, 50, 900, 3_000, 1e9].map(least)).toEqual([0.001, 0.001, 0.001, 0.0001, 0.000_01]);
});

test("the curve begins at the left edge, keeps to its order, and has the recalls with their intervals on it", () => {
  const chart = rocChart(sampleForm());
  const curve = chart.marks.find((mark) => mark.mark === "line" && mark.step === true);
  expect(curve).toMatchObject({
    points: [
      { x: 0.0001, y: 0 },
      { x: 0.0001, y: 0.41 },
      { x: 0.01, y: 0.62 },
      { x: 0.2, y: 0.9 },
      { x: 1, y: 1 },
    ],
  });
  const dots = chart.marks.filter((mark) => mark.mark === "dots");
  expect(dots.flatMap(({ points }) => points.map(({ x, y }) => [x, y]))).toEqual([
    [0.01, 0.62],
    [0.001, 0.41],
  ]);
  expect(chart.description).toContain("recall 62.0 % (52.0 to 72.0 %) at 1 % false alarms");
});

test("a recall that is not known has no dot, and a hundred thousand points do not make a large picture", () => {
  const roc = Array.from({ length: 100_001 }, (_, index) => [index / 100_000, Math.sqrt(index / 100_000)] as const);
  const chart = rocChart(sampleForm({ roc, overall: sampleTier("all", { recallAt01: null }) }));
  expect(chart.marks.filter((mark) => mark.mark === "dots")).toHaveLength(1);
  expect(String(drawChart(chart)).length).toBeLessThan(40_000);
});

test("each side of the histogram is the share of its own rows, and both thresholds stand in it", () => {
  const chart = histogramChart(sampleForm(), { flag: 4.25, abort: 11 });
  expect(chart.x.domain).toEqual([-3, 11]);
  const [above, below] = spansOf(chart, "boxes");
  expect(above?.reduce((sum, { y2 }) => sum + y2 ** 2, 0)).toBeCloseTo(1, 9);
  expect(below?.every(({ y2 }) => y2 < 0)).toBe(true);
  expect(below?.reduce((sum, { y2 }) => sum + y2 ** 2, 0)).toBeCloseTo(1, 9);
  expect(above?.at(-1)?.title).toBe("7 to 9: 50 rows with the concept (20.8 %)");
  const lines = spansOf(chart, "segments").flatMap((spans) => spans.map(({ x1 }) => x1));
  expect(lines).toEqual([-3, 4.25, 11]);
});

test("no rows, no bins and no thresholds still make a picture", () => {
  const empty = sampleForm({
    roc: [],
    negatives: 0,
    positives: 0,
    histogram: { edges: [], positives: [], negatives: [] },
  });
  for (const chart of [
    rocChart(empty),
    histogramChart(empty, { flag: NaN, abort: Infinity }),
    histogramChart(empty, { flag: 3, abort: 3 }),
  ])
    expect(String(drawChart(chart))).not.toMatch(/NaN|Infinity/);
});
