// Draws dashboards/ from a Prometheus, panel by panel, as a page without scripts: what Grafana shows, for the documentation.
import type { Dashboard, Panel } from "../test/support/expressions.ts";
import { fillIn } from "../test/support/expressions.ts";
import type { PrometheusServer, RangeSeries } from "../test/support/prometheus.ts";
import type { Chart, ChartMark } from "../src/evaluation/chart.ts";
import { Markup, markup } from "../src/evaluation/markup.ts";
import { renderPage } from "../src/evaluation/page.ts";
import { drawChart } from "../src/evaluation/plots.ts";
import { roundTicks } from "../src/evaluation/round-ticks.ts";

/** The time that is drawn: seconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [at: number, value: number])[];
}

const COLOURS = 8;
/** Units of Grafana, as text. */
const UNITS: Readonly<Record<string, (value: number) => string>> = {
  percentunit: (value) => `${short(value * 100)} %`,
  s: (value) => (Math.abs(value) < 1 && value !== 0 ? `${short(value * 1_000)} ms` : `${short(value)} s`),
  bytes: (value) => (value < 1e9 ? `${short(value / 1e6)} MB` : `${short(value / 1e9)} GB`),
  ops: (value) => `${short(value)}/s`,
  reqps: (value) => `${short(value)}/s`,
};
const STYLE = `
.grid { display: grid; grid-template-columns: repeat(24, 1fr); gap: 10px; margin-top: 18px; }
.panel { margin: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; min-width: 0; overflow: hidden; }
.panel h4 { font-size: 13px; font-weight: 600; }
.band { grid-column: 1 / -1; font-size: 16px; margin: 6px 0 0; }
.value { font-size: 24px; font-weight: 650; line-height: 1.4; }
.value.name { display: block; font-size: 11px; font-weight: 500; overflow-wrap: anywhere; }
.value.yellow { color: var(--amber); } .value.red { color: var(--red); }
.names { display: flex; flex-wrap: wrap; gap: 0 12px; font-size: 11px; color: var(--muted); }
.names i { display: inline-block; width: 10px; height: 3px; margin-right: 5px; vertical-align: middle; background: var(--colour); }
.plot { width: 100%; height: auto; }
:root { --c0: #2f55c8; --c1: #c4631a; --c2: #16804a; --c3: #8a3fb5; --c4: #b3261e; --c5: #0f7f8c; --c6: #8a6d00; --c7: #6b7280; }
@media (prefers-color-scheme: dark) {
  :root { --c0: #8ea8ff; --c1: #f0a468; --c2: #62c993; --c3: #cf97ee; --c4: #ff9b91; --c5: #5fc8d4; --c6: #dcc05c; --c7: #a3abb5; }
}`;

/** One dashboard as an HTML document. Panels keep their place in the grid of 24 columns. */
export async function drawDashboard(dashboard: Dashboard, prometheus: PrometheusServer, span: Span): Promise<string> {
  const panels: Markup[] = [];
  for (const panel of dashboard.panels) panels.push(await drawPanel(panel, prometheus, span));
  return renderPage({
    title: dashboard.title,
    head: markup`<p class="lead">${Math.round((span.to - span.from) / 60)} minutes of mixed traffic with faults, every expression as Prometheus computed it.</p>`,
    body: markup`${new Markup(`<style>${STYLE}</style>`)}<div class="grid">${panels}</div>`,
  });
}

async function drawPanel(panel: Panel, prometheus: PrometheusServer, span: Span): Promise<Markup> {
  if (panel.type === "row") return markup`<h3 class="band">${panel.title}</h3>`;
  const lines: Line[] = [];
  for (const { expr, legendFormat } of panel.targets ?? []) {
    const found = await prometheus.queryRange(fillIn(expr), { ...span, step: (span.to - span.from) / 160 });
    lines.push(...found.map((series) => ({ name: nameOf(series, legendFormat), points: series.points })));
  }
  const { x, w } = panel.gridPos;
  const place = `grid-column: ${x + 1} / span ${w}`;
  const unit = UNITS[panel.fieldConfig?.defaults.unit ?? ""] ?? short;
  const isValue = panel.type === "stat" || panel.type === "gauge";
  const body = isValue ? drawValue(panel, lines, unit) : drawLines(panel, { lines, unit, span });
  return markup`<section class="panel" style="${place}"><h4>${panel.title}</h4>${body}</section>\n`;
}

function nameOf({ metric }: RangeSeries, format: string): string {
  const named = format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? "");
  return named === "" ? Object.values(metric).join(" ") : named;
}

function drawValue({ options, fieldConfig }: Panel, lines: readonly Line[], unit: (value: number) => string): Markup {
  const { mappings = [], thresholds } = fieldConfig?.defaults ?? { thresholds: { steps: [] } };
  const newest = Math.max(...lines.map(({ points }) => points.at(-1)?.[0] ?? 0));
  const shown = lines.flatMap(({ name, points }) => {
    const [at, value] = points.at(-1) ?? [];
    if (value === undefined || at !== newest) return [];
    const word = mappings.flatMap((mapping) => mapping.options[value]?.text ?? []).at(0);
    const { color = "" } = thresholds.steps.findLast((step) => step.value === null || value >= step.value) ?? {};
    const isName = options?.textMode === "name";
    const kind = isName ? "name" : color;
    return [markup`<span class="value ${kind}">${isName ? name : (word ?? unit(value))}</span> `];
  });
  return markup`<p>${shown.length === 0 ? "no data" : shown}</p>`;
}

interface Drawn {
  readonly lines: readonly Line[];
  readonly unit: (value: number) => string;
  readonly span: Span;
}

/** Series that are 0 all the time are counted, not named. */
function drawLines(panel: Panel, drawn: Drawn): Markup {
  if (panel.type === "heatmap") return drawBuckets(panel, drawn);
  const lines = drawn.lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  if (lines.length === 0) return markup`<p>no data</p>`;
  const named = lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value) && value !== 0));
  const finite = lines.flatMap(({ points }) => points.map(([, value]) => value).filter(Number.isFinite));
  const domain = [Math.min(...finite, 0), Math.max(...finite, 0) || 1] as const;
  const colours = new Map(named.map((line, index) => [line, `var(--c${index % COLOURS})`]));
  const marks = lines.map((line): ChartMark => ({
    mark: "line",
    points: line.points.map(([at, y]) => ({ x: (at - drawn.span.from) / 60, y })),
    style: { stroke: colours.get(line) ?? "var(--negative)", width: 1.6 },
  }));
  const y = { domain, ticks: roundTicks(domain), tickText: drawn.unit };
  const names = named.map((line) => {
    const name = line.name === "" ? panel.title : line.name;
    return markup`<li><i style="--colour: ${colours.get(line) ?? ""}"></i>${name}</li>`;
  });
  const rest = lines.length - named.length;
  const zeros = rest === 0 ? "" : markup`<li>${rest} more at 0 throughout</li>`;
  return markup`${draw(panel, drawn.span, { y, marks })}<ul class="names">${names}${zeros}</ul>`;
}

/** Buckets one above the other, each as dark as its share of the fullest. */
function drawBuckets(panel: Panel, { lines, span }: Drawn): Markup {
  const sorted = lines.toSorted((one, two) => edgeOf(one) - edgeOf(two));
  const rates = new Map<number, number[]>();
  for (const { points } of sorted) for (const [at, value] of points) rates.set(at, [...(rates.get(at) ?? []), value]);
  const columns = [...rates].filter(([, values]) => values.length === sorted.length);
  const cells = columns.flatMap(([at, values]) =>
    values.map((value, row) => ({ at, row, rate: Math.max(0, value - (values[row - 1] ?? 0)) })),
  );
  const most = Math.max(...cells.map(({ rate }) => rate)) || 1;
  const width = (span.to - span.from) / 160 / 60;
  const spans = cells.map(({ at, row, rate }) => {
    const x1 = (at - span.from) / 60;
    return { x1, x2: x1 + width, y1: row, y2: row + 1, opacity: Math.sqrt(rate / most) };
  });
  const y = {
    domain: [0, sorted.length] as const,
    ticks: sorted.map((_, row) => row + 0.5).filter((_, row) => row % Math.ceil(sorted.length / 9) === 0),
    tickText: (place: number) => `≤ ${sorted[Math.floor(place)]?.name ?? ""}`,
  };
  return draw(panel, span, { y, marks: [{ mark: "boxes", spans, style: { fill: "var(--heat)" } }] });
}

function edgeOf({ name }: Line): number {
  return name === "+Inf" ? Number.POSITIVE_INFINITY : Number(name);
}

function draw({ title, gridPos }: Panel, span: Span, { y, marks }: Pick<Chart, "y" | "marks">): Markup {
  const domain = [0, (span.to - span.from) / 60] as const;
  const ticks = roundTicks(domain).filter((_, index) => gridPos.w >= 10 || index % 2 === 0);
  return drawChart({
    description: `${title} over time`,
    width: gridPos.w * 52,
    height: gridPos.h * 26,
    margins: { left: 66, top: 12, bottom: 26 },
    x: { domain, ticks, tickText: (value) => `${value} min` },
    y,
    marks,
  });
}

function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return String(Number(Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(3)));
}
