import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { visibleText } from "../visible-text.ts";
import type { Chart, ChartAxis, ChartMark, ChartPoint, ChartStyle } from "./chart.ts";
import { escapeHtml, Markup } from "./markup.ts";

const WIDTH = 400;
const GEOMETRY = ["transform", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy"];

/** The little of a document's element that is used of what the library returns. */
interface DrawnElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
  querySelectorAll(selector: string): Iterable<DrawnElement>;
}

/** The chart as an SVG element: the same chart gives the same bytes, and no text of it is read as markup. */
export function drawChart(chart: Chart): Markup {
  const { width = WIDTH, margins = {} } = chart;
  // The library wants a browser's type; these sources are compiled without one.
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: never };
  const drawn: unknown = Plot.plot({
    document,
    className: "plot",
    width,
    height: chart.height,
    marginLeft: margins.left ?? 44,
    marginRight: margins.right ?? 14,
    marginTop: margins.top ?? 26,
    marginBottom: margins.bottom ?? 40,
    style: { fontSize: "12px" },
    x: { ...scaleOf(chart.x), axis: null },
    y: { ...scaleOf(chart.y), axis: null },
    marks: [...gridMarks(chart), ...chart.marks.map(libraryMark), ...axisMarks(chart)],
  });
  return asMarkup(drawn as DrawnElement, chart.description);
}

function asMarkup(svg: DrawnElement, description: string): Markup {
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const name of ["width", "height", "style", "font-family", "font-size"]) svg.removeAttribute(name);
  for (const element of svg.querySelectorAll("*")) {
    element.removeAttribute("aria-label");
    element.removeAttribute("aria-hidden");
    for (const name of GEOMETRY) {
      const value = element.getAttribute(name);
      if (value !== null)
        element.setAttribute(
          name,
          value.replaceAll(/-?\d+\.\d{2,}/g, (long) => String(Number(Number(long).toFixed(1)))),
        );
    }
  }
  const label = escapeHtml(visibleText(description, true));
  return new Markup(svg.outerHTML.replace("<svg ", () => `<svg role="img" aria-label="${label}" `));
}

function scaleOf(axis: ChartAxis) {
  return { type: axis.scale ?? "linear", domain: [...axis.domain] } as const;
}

function gridMarks({ x, y }: Chart): Plot.Markish[] {
  const look = { stroke: "var(--line)", strokeOpacity: 1 };
  return [
    ...(y.ticks === undefined ? [] : [Plot.gridY([...y.ticks], look)]),
    ...(x.ticks === undefined ? [] : [Plot.gridX([...x.ticks], look)]),
  ];
}

function axisMarks({ x, y }: Chart): Plot.Markish[] {
  const options = ({ tickText = String, label }: ChartAxis) => ({
    tickSize: 0,
    tickPadding: 6,
    tickFormat: (value: number) => visibleText(tickText(value), true),
    label: label === undefined ? null : visibleText(label, true),
    labelArrow: "none" as const,
    fill: "var(--muted)",
  });
  return [
    ...(y.ticks === undefined ? [] : [Plot.axisY([...y.ticks], { ...options(y), labelAnchor: "top" })]),
    ...(x.ticks === undefined ? [] : [Plot.axisX([...x.ticks], { ...options(x), labelAnchor: "center" })]),
  ];
}

function libraryMark(mark: ChartMark): Plot.Markish {
  const { fill, stroke, width, dash, radius, dx, dy } = mark.style;
  const look = {
    ...(fill === undefined ? {} : { fill }),
    ...(stroke === undefined ? {} : { stroke }),
    ...(width === undefined ? {} : { strokeWidth: width }),
    ...(dash === undefined ? {} : { strokeDasharray: dash }),
    ...(dx === undefined ? {} : { dx }),
    ...(dy === undefined ? {} : { dy }),
  };
  switch (mark.mark) {
    case "line":
      return Plot.line(finite(mark.points), {
        x: "x",
        y: "y",
        ...look,
        curve: mark.step === true ? "step-after" : "linear",
      });
    case "dots":
      return Plot.dot(finite(mark.points), { x: "x", y: "y", r: radius ?? 4, title: titleOf, ...look });
    case "texts":
      return textMark(mark.points, { ...mark.style, ...look });
    case "boxes":
      return Plot.rect(finite(mark.spans), { ...CORNERS, title: titleOf, fillOpacity: opacityOf, ...look });
    case "segments":
      return Plot.link(finite(mark.spans), { ...CORNERS, title: titleOf, ...look });
  }
}

const CORNERS = { x1: "x1", x2: "x2", y1: "y1", y2: "y2" } as const;

function textMark(points: readonly (ChartPoint & { readonly text: string })[], style: ChartStyle): Plot.Markish {
  const { anchor = "start", weight = 400, size = 12, fill = "currentColor", dx = 0, dy = 0 } = style;
  return Plot.text(finite(points), {
    x: "x",
    y: "y",
    text: ({ text }: { text: string }) => visibleText(text, true),
    title: titleOf,
    textAnchor: anchor,
    fontWeight: weight,
    fontSize: size,
    fill,
    dx,
    dy,
  });
}

function titleOf({ title }: { readonly title?: string }): string | null {
  return title === undefined ? null : visibleText(title, true);
}

function opacityOf({ opacity = 1 }: { readonly opacity?: number }): number {
  return opacity;
}

function finite<T extends object>(things: readonly T[]): T[] {
  return things.filter((thing) =>
    Object.values(thing).every((value: unknown) => typeof value !== "number" || Number.isFinite(value)),
  );
}
