import type { TextRow } from "./lens-compare.ts";
import type { FactsTable } from "./lens-facts.ts";
import { formatEstimate, formatMean } from "./statistics.ts";

const WIDTHS = [9, 16, 26];

/** A line a lens and tap, under a head line. */
export function formatTextRows(rows: readonly TextRow[]): string[] {
  return [
    line("lens", "tap", "KL to the output, nats", "same first token"),
    ...rows.map(({ lens, tap, kl, top1 }) => line(lens, tap, formatMean(kl, 2), formatMean(top1, 3))),
  ];
}

/** Where answers emerge: a line a lens and tap point. */
export function formatFacts({ asked, answered, rows }: FactsTable): string[] {
  return [
    `${answered} of ${asked} facts are answered by the model itself; where their answer is first and stays first:`,
    line("lens", "point", "layer, median", "share of facts"),
    ...rows.map(({ lens, point, layer, emerged }) =>
      line(lens, point, layer ? formatEstimate(layer, 0) : "none", emerged ? formatMean(emerged, 2) : "none"),
    ),
  ];
}

function line(...cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(" ")
    .trimEnd();
}
