import type { Chart, ChartMark } from "./chart.ts";
import type { Interval } from "./evaluation.ts";
import { intervalText } from "./number-text.ts";
import { roundTicks } from "./round-ticks.ts";

/** One line of an interval chart: a name, a value and how it looks: filled, or a ring for something to compare with. */
export interface IntervalRow {
  readonly name: string;
  readonly interval: Interval;
  readonly look: "main" | "plain" | "baseline";
}

const ROW_HEIGHT = 34;
const MOST_ROWS = 24;
const MOST_CHARACTERS = 40;

/** Values as dots with their 95 % intervals, one row below the other, the name above each. Rows past the 24th are left to the table. */
export function intervalChart(about: {
  readonly rows: readonly IntervalRow[];
  readonly what: string;
  readonly format: (value: number) => string;
  /** Top of the axis; the largest bound if not given. */
  readonly most?: number;
}): Chart {
  const rows = about.rows.slice(0, MOST_ROWS);
  const largest = Math.max(0, ...rows.map(({ interval }) => interval.high).filter(Number.isFinite));
  const most = about.most ?? (largest > 0 ? largest * 1.05 : 1);
  return {
    description: `${about.what}: ${rows.map(({ name, interval }) => `${name} ${intervalText(interval, about.format)}`).join("; ")}.`,
    height: 40 + Math.max(1, rows.length) * ROW_HEIGHT,
    margins: { left: 16, right: 16, top: 4, bottom: 36 },
    x: { domain: [0, most], ticks: roundTicks([0, most]), tickText: about.format, label: about.what },
    y: { domain: [rows.length === 0 ? 1 : rows.length, 0] },
    marks: rows.flatMap((row, index) => rowMarks(row, { y: index + 0.72, most, format: about.format })),
  };
}

function rowMarks(
  { name, interval, look }: IntervalRow,
  at: { readonly y: number; readonly most: number; readonly format: (value: number) => string },
): ChartMark[] {
  const { y, most } = at;
  const { value, low, high } = interval;
  const stroke = look === "baseline" ? "var(--negative)" : "var(--accent)";
  const fill = look === "baseline" ? "var(--surface)" : stroke;
  const characters = Array.from(name);
  const shown = characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS - 1).join("")}…` : name;
  const weight = look === "main" ? 650 : 400;
  const title = `${name}: ${intervalText(interval, at.format)}`;
  return [
    { mark: "segments", spans: [{ x1: 0, x2: most, y1: y, y2: y }], style: { stroke: "var(--line)", width: 1 } },
    { mark: "segments", spans: [{ x1: low, x2: high, y1: y, y2: y, title }], style: { stroke, width: 2.5 } },
    {
      mark: "dots",
      points: [{ x: value, y, title }],
      style: { stroke, fill, width: 2, radius: look === "main" ? 6 : 4.5 },
    },
    { mark: "texts", points: [{ x: 0, y, text: shown }], style: { dy: -12, weight } },
    { mark: "texts", points: [{ x: most, y, text: at.format(value) }], style: { dy: -12, weight, anchor: "end" } },
  ];
}
