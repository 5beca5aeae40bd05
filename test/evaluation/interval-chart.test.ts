import { expect, test } from "vitest";
import { intervalChart, type IntervalRow } from "../../src/evaluation/interval-chart.ts";
import { drawChart } from "../../src/evaluation/plots.ts";
import { decimalText } from "../../src/evaluation/number-text.ts";
import { interval } from "./sample-evaluation.ts";

const row = (name: string, change: Partial<IntervalRow> = {}): IntervalRow => ({
  name,
  interval: interval(0.5),
  look: "plain",
  ...change,
});
const chartOf = (rows: IntervalRow[]) =>
  intervalChart({ rows, what: "recall", format: (value) => decimalText(value, 2) });

test("every row has its name, its value and a whisker from bound to bound, also where two have one name", () => {
  const svg = String(
    drawChart(chartOf([row("same"), row("same", { interval: interval(0.8) }), row("words", { look: "baseline" })])),
  );
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg.match(/>same<\/text>/g)).toHaveLength(2);
  expect(svg).toContain(">0.80</text>");
  expect(svg).toContain("<title>same: 0.80 (0.70 to 0.90)</title>");
  expect(svg).toContain("var(--negative)");
});

test("the axis reaches the largest bound, and something is drawn where there is nothing", () => {
  expect(chartOf([row("a", { interval: { value: 2, low: 1, high: 4 } })]).x.domain[1]).toBeCloseTo(4.2, 9);
  for (const rows of [
    [],
    [row("a", { interval: { value: NaN, low: NaN, high: NaN } })],
    [row("a", { interval: { value: 0, low: 0, high: 0 } })],
  ]) {
    expect(chartOf(rows).x.domain).toEqual([0, 1]);
    expect(String(drawChart(chartOf(rows)))).not.toContain("NaN");
  }
});

test("long names are cut, and rows past the 24th are left to the table", () => {
  const svg = String(drawChart(chartOf(Array.from({ length: 60 }, (_, index) => row(`${index} ${"x".repeat(500)}`)))));
  expect(svg.match(/<circle/g)).toHaveLength(24);
  expect(svg).toContain(`>0 ${"x".repeat(37)}…</text>`);
});
