import { expect, test } from "vitest";
import type { Chart } from "../../src/evaluation/chart.ts";
import { drawChart } from "../../src/evaluation/plots.ts";
import { HOSTILE_TEXTS } from "./sample-evaluation.ts";

const CHART: Chart = {
  description: "A small chart",
  height: 200,
  x: { domain: [0.01, 1], scale: "log", ticks: [0.01, 0.1, 1], tickText: (value) => `<${value}>`, label: "rate" },
  y: { domain: [0, 1], ticks: [0, 1], label: "share" },
  marks: [
    {
      mark: "line",
      points: [
        { x: 0.01, y: 0 },
        { x: 1, y: 1 },
      ],
      style: { stroke: "var(--accent)", width: 2 },
    },
    { mark: "dots", points: [{ x: 0.1, y: 0.5, title: "the middle" }], style: { fill: "var(--accent)" } },
    {
      mark: "boxes",
      spans: [{ x1: 0.01, x2: 0.1, y1: 0, y2: 0.123_456, opacity: 0.3 }],
      style: { fill: "var(--red)" },
    },
    { mark: "segments", spans: [{ x1: 0.1, x2: 0.1, y1: 0, y2: 1 }], style: { stroke: "var(--amber)", dash: "3 4" } },
    { mark: "texts", points: [{ x: 0.1, y: 0.5, text: "half" }], style: { anchor: "end" } },
  ],
};

test("a chart is one SVG element that scales, says what it shows, and has the page's colours", () => {
  const svg = String(drawChart(CHART));
  expect(svg).toMatch(/^<svg role="img" aria-label="A small chart" [^>]*viewBox="0 0 400 200"/);
  expect(svg.slice(0, svg.indexOf(">"))).not.toMatch(/ (width|height)=/);
  expect(svg).not.toContain("<style");
  for (const part of [
    "var(--accent)",
    "var(--red)",
    'stroke-dasharray="3 4"',
    "<title>the middle</title>",
    ">half</text>",
    ">rate</text>",
  ])
    expect(svg).toContain(part);
  expect(svg).toContain("&lt;0.1&gt;");
});

test("coordinates have one decimal, and the same chart gives the same bytes", () => {
  const svg = String(drawChart(CHART));
  expect(svg).not.toMatch(/ (d|x|y|x1|y1|width|height|transform)="[^"]*\d\.\d{2}/);
  expect(String(drawChart(CHART))).toBe(svg);
});

test("marks with a number that is not finite are left out", () => {
  const broken: Chart = {
    ...CHART,
    marks: [
      {
        mark: "dots",
        points: [
          { x: NaN, y: 0.5 },
          { x: 0.1, y: Infinity },
          { x: 0.1, y: 0.5 },
        ],
        style: {},
      },
      { mark: "boxes", spans: [{ x1: 0.01, x2: NaN, y1: 0, y2: 1 }], style: {} },
    ],
  };
  const svg = String(drawChart(broken));
  expect(svg.match(/<circle/g)).toHaveLength(1);
  expect(svg).not.toContain("<rect");
  expect(svg).not.toContain("NaN");
});

test.each(HOSTILE_TEXTS)("no text of a chart is read as markup: %j", (text) => {
  const svg = String(
    drawChart({
      ...CHART,
      description: text,
      x: { ...CHART.x, label: text, tickText: () => text },
      marks: [
        { mark: "texts", points: [{ x: 0.1, y: 0.5, text, title: text }], style: {} },
        { mark: "dots", points: [{ x: 0.1, y: 0.5, title: text }], style: {} },
      ],
    }),
  );
  const tags = [...svg.matchAll(/<\/?([a-zA-Z!][^\s/>]*)/g)].map(([, name = ""]) => name);
  expect([...new Set(tags)].sort()).toEqual(["circle", "g", "line", "svg", "text", "title"]);
  expect(svg).toMatch(/^<svg(?: [a-z-]+="[^"<>]*"| viewBox="[ \d]+")+>/);
  for (const raw of ["\u202e", "\u0000", "\u001b", "\u200b"]) expect(svg).not.toContain(raw);
});
