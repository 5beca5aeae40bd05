import { expect, test } from "vitest";
import { bestOf, heatChart, layersOf, pointsOf } from "../../src/evaluation/heat-chart.ts";
import { drawChart } from "../../src/evaluation/plots.ts";
import { sampleCells } from "./sample-cells.ts";

test("the best is the largest area that is defined", () => {
  expect(bestOf(sampleCells())?.tap).toBe("1.attn_out");
  expect(bestOf(sampleCells().filter(({ auroc }) => Number.isNaN(auroc)))).toBeUndefined();
});

test("layers are in order, points in the order of computation, unknown ones last", () => {
  const [first] = sampleCells();
  const cells = [...sampleCells(), ...(first === undefined ? [] : [{ ...first, point: "other" }])];
  expect(layersOf(cells)).toEqual([0, 1, 2]);
  expect(pointsOf(cells)).toEqual(["attn_out", "resid_mid", "mlp_out", "resid_post", "other"]);
});

test("every field says its value, and its interval to the pointer; below chance it is amber; the best has a frame", () => {
  const cells = sampleCells();
  const svg = String(drawChart(heatChart(cells, bestOf(cells))));
  for (const part of [">0.710</text>", ">–<title>", "<title>1.attn_out: 0.900 (0.850 to 0.950)</title>"].map((text) =>
    text.replace("</text>", "<title>"),
  ))
    expect(svg).toContain(part);
  const amber = heatChart(cells, undefined).marks.filter((mark) => mark.style.fill === "var(--heat-below)");
  expect(amber.flatMap((mark) => (mark.mark === "boxes" ? mark.spans : []))).toMatchObject([{ x1: 0, y1: 0 }]);
  const frames = heatChart(cells, bestOf(cells)).marks.filter((mark) => mark.style.fill === "none");
  expect(frames.flatMap((mark) => (mark.mark === "boxes" ? mark.spans : []))).toMatchObject([
    { x1: 0, x2: 1, y1: 1, y2: 2 },
  ]);
});

test("no cells make an empty picture", () => {
  expect(String(drawChart(heatChart([], undefined)))).not.toMatch(/NaN|Infinity/);
});
