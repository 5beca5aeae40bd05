import type { Chart, ChartAxis, ChartMark, ChartPoint } from "./chart.ts";
import type { OnsetPoint, OnsetResult } from "./evaluation.ts";
import { countText, decimalText, intervalText, shareText } from "./number-text.ts";
import { roundTicks } from "./round-ticks.ts";

const HEIGHT = 270;
const ACCENT = "var(--accent)";
const BASE = "var(--negative)";

/** Share of onsets caught, and of onsets of which no token left, over the tokens held back. */
export function caughtChart(onset: OnsetResult): Chart {
  const said = onset.points.map(
    ({ hold, caught, noneLeaked }) =>
      `hold ${hold}: caught ${intervalText(caught, shareText)}, nothing leaked ${intervalText(noneLeaked, shareText)}`,
  );
  return {
    description: `Share of onsets over the tokens held back. ${said.join("; ")}.`,
    height: HEIGHT,
    x: holdAxis(onset),
    y: {
      domain: [0, 1],
      ticks: [0, 0.25, 0.5, 0.75, 1],
      tickText: (share) => shareText(share, 0),
      label: "share of onsets",
    },
    marks: [
      ...recommendedMarks(onset, 1),
      ...shareMarks(onset.points, "noneLeaked"),
      ...shareMarks(onset.points, "caught"),
    ],
  };
}

/** Tokens past the onset that had left when the alarm came, in the middle and for the worst tenth, over the tokens held back. */
export function leakChart(onset: OnsetResult): Chart {
  const values = onset.points.flatMap(({ leakedMedian, leakedP90 }) => [leakedMedian, leakedP90]);
  const most =
    Math.max(1, ...values.filter((value): value is number => value !== null && Number.isFinite(value))) * 1.08;
  const said = onset.points.map(
    ({ hold, leakedMedian, leakedP90 }) =>
      `hold ${hold}: ${leakText(leakedMedian)} in the middle, ${leakText(leakedP90)} for the worst tenth`,
  );
  return {
    description: `Leaked tokens over the tokens held back. ${said.join("; ")}.`,
    height: HEIGHT,
    x: holdAxis(onset),
    y: { domain: [0, most], ticks: roundTicks([0, most]), tickText: countText, label: "leaked tokens" },
    marks: [
      ...recommendedMarks(onset, most),
      ...leakMarks(
        onset.points.map(({ hold, leakedP90 }) => ({ x: hold, y: leakedP90 ?? NaN })),
        true,
      ),
      ...leakMarks(
        onset.points.map(({ hold, leakedMedian }) => ({ x: hold, y: leakedMedian ?? NaN })),
        false,
      ),
    ],
  };
}

/** How many tokens after the onset the alarms came, as counts of onsets. */
export function delayChart(onset: OnsetResult): Chart {
  const delays = onset.delays.filter(Number.isFinite);
  const longest = delays.reduce((most, delay) => Math.max(most, delay), 0);
  const width = Math.max(1, Math.ceil((longest + 1) / 32));
  const counts = Array.from({ length: Math.floor(longest / width) + 1 }, () => 0);
  for (const delay of delays) {
    const bin = Math.max(0, Math.floor(delay / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts) * 1.08;
  const spans = counts.map((count, bin) => ({
    x1: bin * width,
    x2: (bin + 1) * width,
    y1: 0,
    y2: count,
    title: `${countText(count)} alarms, ${width === 1 ? `${bin}` : `${bin * width} to ${(bin + 1) * width - 1}`} tokens after the onset`,
  }));
  const domain = [0, counts.length * width] as const;
  return {
    description: `Delays of ${countText(delays.length)} alarms, up to ${countText(longest)} tokens after the onset.`,
    height: HEIGHT,
    x: { domain, ticks: roundTicks(domain).filter(Number.isInteger), label: "tokens from onset to alarm" },
    y: {
      domain: [0, most],
      ticks: roundTicks([0, most]).filter(Number.isInteger),
      tickText: countText,
      label: "onsets",
    },
    marks: [{ mark: "boxes", spans, style: { fill: ACCENT, stroke: "var(--surface)", width: 1 } }],
  };
}

/** `4`, or what is said where nothing was caught. */
export function leakText(tokens: number | null): string {
  return tokens === null ? "none caught" : decimalText(tokens, Number.isInteger(tokens) ? 0 : 1);
}

function holdAxis({ points, recommendedHold }: OnsetResult): ChartAxis {
  const holds = points.map(({ hold }) => hold).filter(Number.isFinite);
  return {
    domain: [0, Math.max(1, recommendedHold, ...holds)],
    scale: "sqrt",
    ticks: holds,
    label: "tokens held back (hold_tokens)",
  };
}

function recommendedMarks({ recommendedHold: x }: OnsetResult, top: number): ChartMark[] {
  return [
    {
      mark: "segments",
      spans: [{ x1: x, x2: x, y1: 0, y2: top, title: `recommended hold: ${x}` }],
      style: { stroke: "var(--amber)", width: 2, dash: "5 4" },
    },
  ];
}

function shareMarks(points: readonly OnsetPoint[], field: "caught" | "noneLeaked"): ChartMark[] {
  const stroke = field === "caught" ? ACCENT : BASE;
  const name = field === "caught" ? "caught" : "nothing leaked";
  const dots = points.map((point) => ({
    x: point.hold,
    y: point[field].value,
    title: `hold ${point.hold}, ${name}: ${intervalText(point[field], shareText)}`,
  }));
  const spans = points.map(({ hold, [field]: { low, high } }) => ({ x1: hold, x2: hold, y1: low, y2: high }));
  return [
    { mark: "segments", spans, style: { stroke, width: 1.5 } },
    { mark: "line", points: dots.map(({ x, y }) => ({ x, y })), style: { stroke, width: 2 } },
    { mark: "dots", points: dots, style: { stroke, fill: field === "caught" ? stroke : "var(--surface)", width: 2 } },
  ];
}

function leakMarks(points: readonly ChartPoint[], worst: boolean): ChartMark[] {
  const stroke = worst ? BASE : ACCENT;
  const dots = points.map((point) => ({ ...point, title: `hold ${point.x}: ${leakText(point.y)} tokens` }));
  return [
    { mark: "line", points, style: { stroke, width: 2 } },
    { mark: "dots", points: dots, style: { stroke, fill: worst ? "var(--surface)" : stroke, width: 2 } },
  ];
}
