import { TAP_POINTS } from "../lens/tap.ts";
import type { Chart, ChartMark, ChartSpan, ChartStyle } from "./chart.ts";
import type { Interval } from "./evaluation.ts";
import { countText, decimalText, intervalText } from "./number-text.ts";

/** How well one tap tells positives from negatives: area under the curve with its 95 % interval. */
export interface LayerCell {
  readonly tap: string;
  readonly layer: number;
  readonly point: string;
  readonly auroc: number;
  readonly low: number;
  readonly high: number;
}

/** The area of a detector that guesses. */
export const CHANCE = 0.5;

const ROW_HEIGHT = 24;

/** Layers by taps, first layer on top: blue above chance, amber below, stronger the farther, each value written in its field. */
export function heatChart(cells: readonly LayerCell[], best: LayerCell | undefined): Chart {
  const points = pointsOf(cells);
  const layers = layersOf(cells);
  const columns = points.map((text, x) => ({ x: x + 0.5, y: 0, text }));
  const rows = layers.map((layer, y) => ({ x: 0, y: y + 0.5, text: String(layer) }));
  const muted = "var(--muted)";
  return {
    description: `AUROC of ${countText(cells.length)} taps${best === undefined ? "" : `, best ${best.tap} with ${decimalText(best.auroc)}`}. The table has every value.`,
    height: 34 + Math.max(1, layers.length) * ROW_HEIGHT,
    margins: { left: 34, right: 4, top: 30, bottom: 4 },
    x: { domain: [0, points.length] },
    y: { domain: [Math.max(1, layers.length), 0] },
    marks: [
      ...fieldMarks(fieldsOf(cells, points, layers), best),
      { mark: "texts", points: columns, style: { anchor: "middle", dy: -14, fill: muted } },
      { mark: "texts", points: rows, style: { anchor: "end", dx: -8, fill: muted } },
    ],
  };
}

interface Field extends ChartSpan {
  readonly opacity: number;
  readonly cell: LayerCell;
}

function fieldsOf(cells: readonly LayerCell[], points: readonly string[], layers: readonly number[]): Field[] {
  const farthest = Math.max(0.05, ...cells.map(({ auroc }) => Math.abs(auroc - CHANCE)).filter(Number.isFinite));
  return cells.map((cell) => {
    const share = Math.abs(cell.auroc - CHANCE) / farthest;
    const opacity = Number.isFinite(share) ? 0.04 + 0.81 * share ** 1.5 : 0;
    const [x1, y1] = [points.indexOf(cell.point), layers.indexOf(cell.layer)];
    const title = `${cell.tap}: ${intervalText(intervalOf(cell), decimalText)}`;
    return { x1, y1, x2: x1 + 1, y2: y1 + 1, opacity, title, cell };
  });
}

function fieldMarks(fields: readonly Field[], best: LayerCell | undefined): ChartMark[] {
  const boxes = (wanted: (auroc: number) => boolean, fill: string): ChartMark => ({
    mark: "boxes",
    spans: fields.filter(({ cell }) => wanted(cell.auroc)).map(withoutCell),
    style: { fill, stroke: "var(--surface)", width: 1.5 },
  });
  const texts = (wanted: (cell: LayerCell) => boolean, style: ChartStyle): ChartMark => ({
    mark: "texts",
    points: fields
      .filter(({ cell }) => wanted(cell))
      .map(({ x1, y1, title = "", cell }) => ({ x: x1 + 0.5, y: y1 + 0.5, title, text: fieldText(cell) })),
    style: { anchor: "middle", ...style },
  });
  const frame = fields.filter(({ cell }) => cell === best).map(withoutCell);
  return [
    boxes((auroc) => auroc >= CHANCE, "var(--heat)"),
    boxes((auroc) => auroc < CHANCE, "var(--heat-below)"),
    { mark: "boxes", spans: frame, style: { fill: "none", stroke: "var(--text)", width: 2 } },
    texts((cell) => cell !== best, {}),
    texts((cell) => cell === best, { weight: 700 }),
  ];
}

function withoutCell({ cell: _, ...span }: Field): ChartSpan {
  return span;
}

function fieldText({ auroc }: LayerCell): string {
  return Number.isFinite(auroc) ? decimalText(auroc) : "–";
}

/** The cell with the largest area; nothing where none is defined. */
export function bestOf(cells: readonly LayerCell[]): LayerCell | undefined {
  const defined = cells.filter(({ auroc }) => Number.isFinite(auroc));
  return defined.reduce<LayerCell | undefined>(
    (best, one) => (best === undefined || one.auroc > best.auroc ? one : best),
    undefined,
  );
}

/** The four points in the order of computation, then whatever else there may be. */
export function pointsOf(cells: readonly LayerCell[]): string[] {
  return [...new Set<string>([...TAP_POINTS, ...cells.map(({ point }) => point)])];
}

/** The layers that have a cell, in order. */
export function layersOf(cells: readonly LayerCell[]): number[] {
  return [...new Set(cells.map(({ layer }) => layer))].sort((left, right) => left - right);
}

/** A cell's area as an interval. */
export function intervalOf({ auroc, low, high }: LayerCell): Interval {
  return { value: auroc, low, high };
}
