import type { LayerCell } from "../../src/evaluation/heat-chart.ts";

/** Three layers by two points, the best at 1.attn_out, one not defined. */
export function sampleCells(): LayerCell[] {
  const cell = (layer: number, point: string, auroc: number): LayerCell => ({
    tap: `${layer}.${point}`,
    layer,
    point,
    auroc,
    low: auroc - 0.05,
    high: auroc + 0.05,
  });
  return [
    cell(2, "attn_out", 0.71),
    cell(0, "attn_out", 0.48),
    cell(1, "attn_out", 0.9),
    cell(0, "resid_post", 0.62),
    cell(1, "resid_post", 0.81),
    cell(2, "resid_post", NaN),
  ];
}
