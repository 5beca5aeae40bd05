import { visibleText } from "../visible-text.ts";
import { bestOf, CHANCE, heatChart, intervalOf, type LayerCell, layersOf, pointsOf } from "./heat-chart.ts";
import { markup, type Markup, written } from "./markup.ts";
import { countText, decimalText, intervalText, NOT_DEFINED } from "./number-text.ts";
import { facts, figure, renderPage, table } from "./page.ts";
import { cell } from "./report-tables.ts";

/** What a map is drawn from and labelled with; `pooling` says how a row's positions become one score. */
export interface LayerMap {
  readonly title: string;
  readonly cells: readonly LayerCell[];
  readonly pooling: string;
  readonly createdAt: string;
}

const SHADES = ["·", "░", "▒", "▓", "█"];

/** Where the model keeps a concept, as one HTML document without scripts: a heat map of layers by taps, and a table. */
export function renderLayerMap(map: LayerMap): string {
  const best = bestOf(map.cells);
  const found =
    best === undefined
      ? markup`No area is defined: there are no rows on one of the sides.`
      : markup`Best: <b>${written(best.tap)}</b>, AUROC ${intervalText(intervalOf(best), decimalText)}.`;
  const head = markup`<p class="lead">Where the model keeps the concept. ${found}</p>
${facts([
  ["Taps", markup`${countText(map.cells.length)}`],
  ["Pooling", written(map.pooling)],
  ["Made", written(map.createdAt)],
])}`;
  const sentence =
    "Each field is one tap of one layer, the first layer on top: the stronger its blue, the more often a row with the concept outscores one without it (0.5 is chance, 1 is perfect). Amber: below chance. The best has a frame; point at a field for its interval.";
  const chart = heatChart(map.cells, best);
  const body = markup`<div class="map">
<div class="figures one">${figure({ title: "AUROC by layer and tap", chart, sentence })}</div>
${mapTable(map.cells, best)}</div>`;
  return renderPage({ title: map.title, head, body });
}

/** The map for a terminal: one line a layer, four columns, shading with the number, the best marked with `<`. */
export function formatLayerMap(cells: readonly LayerCell[]): string[] {
  const points = pointsOf(cells);
  const best = bestOf(cells);
  const names = points.map((point) => visibleText(point, true));
  const widths = names.map((name) => Math.max(11, Array.from(name).length));
  const row = (first: string, rest: readonly string[]) =>
    [first.padStart(5), ...rest.map((text, index) => text.padEnd(widths[index] ?? 0))].join("  ").trimEnd();
  const lines = layersOf(cells).map((layer) =>
    row(
      String(layer),
      points.map((point) =>
        cellText(
          cells.find((one) => one.layer === layer && one.point === point),
          best,
        ),
      ),
    ),
  );
  const last =
    best === undefined
      ? `best: ${NOT_DEFINED}`
      : `best: ${visibleText(best.tap, true)}, AUROC ${intervalText(intervalOf(best), decimalText)}`;
  return [row("layer", names), ...lines, last];
}

function cellText(found: LayerCell | undefined, best: LayerCell | undefined): string {
  if (found === undefined) return "–";
  if (!Number.isFinite(found.auroc)) return NOT_DEFINED;
  const shade = SHADES[Math.min(4, Math.max(0, Math.floor((found.auroc - CHANCE) * 10)))] ?? "";
  return `${shade} ${decimalText(found.auroc)}${found === best ? " <" : ""}`;
}

function mapTable(cells: readonly LayerCell[], best: LayerCell | undefined): Markup {
  const points = pointsOf(cells);
  return table({
    caption: "AUROC with 95 % intervals",
    columns: [{ head: "Layer" }, ...points.map((head) => ({ head, numeric: true }))],
    rows: layersOf(cells).map((layer) => [
      markup`${layer}`,
      ...points.map((point) => {
        const found = cells.find((one) => one.layer === layer && one.point === point);
        if (found === undefined) return markup`<span class="none">–</span>`;
        const value = cell(intervalOf(found), decimalText);
        return found === best ? markup`<span class="best">${value}</span>` : value;
      }),
    ]),
  });
}
