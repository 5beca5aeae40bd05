import type { Chart, ChartMark, ChartPoint, ChartSpan } from "./chart.ts";
import type { DetectorEvaluation, FormResult, Interval } from "./evaluation.ts";
import { countText, decimalText, intervalText, scoreText, shareText } from "./number-text.ts";
import { roundTicks } from "./round-ticks.ts";

const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const HEIGHT = 310;
const MOST_POINTS = 400;

/** Recall over the false-alarm rate, the latter on a logarithmic axis down to what so many negatives can show. */
export function rocChart(result: FormResult): Chart {
  const decades = Math.max(3, Math.min(5, Math.ceil(Math.log10(Math.max(1, result.negatives)))));
  const least = 1 / 10 ** decades;
  const ticks = Array.from({ length: decades + 1 }, (_, index) => 1 / 10 ** (decades - index));
  const curve = thinned(result.roc, least);
  const chance = Array.from({ length: 41 }, (_, index) => least ** (1 - index / 40)).map((x) => ({ x, y: x }));
  const unseen = { x1: least, x2: Math.min(1, 1 / Math.max(1, result.negatives)), y1: 0, y2: 1, opacity: 0.1 };
  const { recallAt1, recallAt01, auroc } = result.overall;
  return {
    description: `Recall over false alarms: area ${intervalText(auroc, decimalText)}, recall ${intervalText(recallAt1, shareText)} at 1 % false alarms.`,
    height: HEIGHT,
    x: { domain: [least, 1], scale: "log", ticks, tickText: rateText, label: "false alarms" },
    y: { domain: [0, 1], ticks: QUARTERS, tickText: (share) => shareText(share, 0), label: "recall" },
    marks: [
      { mark: "boxes", spans: unseen.x2 > least ? [unseen] : [], style: { fill: "var(--negative)" } },
      { mark: "line", points: chance, style: { stroke: "var(--negative)", width: 1.25, dash: "3 4" } },
      { mark: "line", points: curve, step: true, style: { stroke: "var(--accent)", width: 2 } },
      ...recallMarks(0.01, recallAt1),
      ...(recallAt01 === null ? [] : recallMarks(0.001, recallAt01)),
    ],
  };
}

function rateText(rate: number): string {
  return `${Number((rate * 100).toPrecision(3))} %`;
}

function recallMarks(x: number, { value, low, high }: Interval): ChartMark[] {
  const style = { stroke: "var(--accent)", fill: "var(--surface)", width: 2, radius: 4.5 };
  const title = `recall ${intervalText({ value, low, high }, shareText)} at ${rateText(x)} false alarms`;
  const text = { x, y: value, text: shareText(value, 0) };
  return [
    { mark: "segments", spans: [{ x1: x, x2: x, y1: low, y2: high, title }], style },
    { mark: "dots", points: [{ x, y: value, title }], style },
    { mark: "texts", points: [text], style: { dx: 9, dy: 13, weight: 600 } },
  ];
}

// A step a point; more points than the picture can show would only make the file large.
function thinned(roc: FormResult["roc"], least: number): ChartPoint[] {
  const points = roc
    .filter(([alarms, recall]) => Number.isFinite(alarms) && Number.isFinite(recall))
    .map(([alarms, recall]) => ({ x: Math.min(1, Math.max(least, alarms)), y: recall }))
    .sort((left, right) => left.x - right.x || left.y - right.y);
  const cell = ({ x, y }: { x: number; y: number }) =>
    `${Math.round((Math.log(x) / Math.log(least)) * MOST_POINTS)} ${Math.round(y * MOST_POINTS)}`;
  return points.filter((point, index) => {
    const next = points[index + 1];
    return next === undefined || cell(next) !== cell(point);
  });
}

/** Where the scores lie: rows with the concept above the line, rows without it below, and the thresholds as lines. */
export function histogramChart(result: FormResult, { flag, abort }: DetectorEvaluation["thresholds"]): Chart {
  const { edges, positives, negatives } = result.histogram;
  const with_ = bars(edges, positives, 1);
  const without = bars(edges, negatives, -1);
  const known = [...edges, flag, abort].filter(Number.isFinite);
  const [low, high] = known.length === 0 ? [0, 1] : [Math.min(...known), Math.max(...known)];
  const domain = low === high ? ([low - 1, high + 1] as const) : ([low, high] as const);
  const top = Math.max(0.1, ...[...with_, ...without].map(({ y2 }) => Math.abs(y2)));
  const heights = [0.01, 0.1, 0.25, 0.5, 1].map(Math.sqrt).filter((height) => height <= top + 1e-9);
  return {
    description: `Scores of ${countText(result.positives)} rows with the concept and ${countText(result.negatives)} without it; flagged from ${scoreText(flag)}, aborted from ${scoreText(abort)}.`,
    height: HEIGHT,
    x: { domain, ticks: roundTicks(domain), tickText: scoreText, label: "score" },
    y: {
      domain: [-top * 1.06, top * 1.06],
      ticks: [...heights.map((height) => -height), 0, ...heights],
      tickText: (height) => `${Math.round(height * height * 100)} %`,
      label: "share of rows",
    },
    marks: [
      { mark: "boxes", spans: with_, style: { fill: "var(--accent)" } },
      { mark: "boxes", spans: without, style: { fill: "var(--negative)" } },
      { mark: "segments", spans: [{ x1: low, x2: high, y1: 0, y2: 0 }], style: { stroke: "var(--muted)", width: 1 } },
      ...thresholdMarks(flag, top, "var(--amber)"),
      ...thresholdMarks(abort, top, "var(--red)"),
    ],
  };
}

function bars(edges: readonly number[], counts: readonly number[], side: 1 | -1): ChartSpan[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.flatMap((count, index) => {
    const [x1 = NaN, x2 = NaN] = edges.slice(index, index + 2);
    if (!(count > 0) || !Number.isFinite(x1 + x2)) return [];
    const label = side === 1 ? "with" : "without";
    const title = `${scoreText(x1)} to ${scoreText(x2)}: ${countText(count)} rows ${label} the concept (${shareText(count / all)})`;
    return [{ x1, x2, y1: 0, y2: side * Math.sqrt(count / all), title }];
  });
}

function thresholdMarks(at: number, top: number, stroke: string): ChartMark[] {
  const span = { x1: at, x2: at, y1: -top * 1.06, y2: top * 1.06, title: `threshold ${scoreText(at)}` };
  return [{ mark: "segments", spans: [span], style: { stroke, width: 2 } }];
}
