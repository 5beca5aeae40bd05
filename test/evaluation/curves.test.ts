import { describe, expect, it } from "vitest";
import { histogramOf, rocOf } from "../../src/evaluation/curves.ts";
import { auroc } from "../../src/training/rates.ts";

describe("the ROC curve", () => {
  it("is scikit-learn's, with equal scores as one step", () => {
    // sklearn 1.9.1: roc_curve(labels, scores, drop_intermediate=False)
    expect(rocOf([0.1, 0.4, 0.35, 0.8, 0.35, 0.9], [0, 0, 1, 1, 0, 1])).toEqual([
      [0, 0],
      [0, 1 / 3],
      [0, 2 / 3],
      [1 / 3, 2 / 3],
      [2 / 3, 1],
      [1, 1],
    ]);
  });

  it("stays short for many rows, and keeps the area", () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => row);
    const scores = rows.map((row) => Math.sin(row * 12.9898) + (row % 2) * 0.5);
    const labels = rows.map((row) => row % 2);
    const points = rocOf(scores, labels);
    expect(points.length).toBeLessThan(402);
    expect(points.at(-1)).toEqual([1, 1]);
    const area = points.reduce((sum, [x, y], at) => {
      const [beforeX, beforeY] = points[at - 1] ?? [0, 0];
      return sum + ((x - beforeX) * (y + beforeY)) / 2;
    }, 0);
    expect(area).toBeCloseTo(auroc(scores, labels), 3);
  });
});

describe("the histogram", () => {
  it("counts every row once, the highest in the last bin", () => {
    const { edges, positives, negatives } = histogramOf([0, 1, 40, 39.5, 20], [0, 0, 1, 1, 0]);
    expect(edges).toEqual(Array.from({ length: 41 }, (_, bin) => bin));
    expect(positives[39]).toBe(2);
    expect([negatives[0], negatives[1], negatives[20]]).toEqual([1, 1, 1]);
    expect([...positives, ...negatives].reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  it("of one value has it in the middle", () => {
    const { edges, positives } = histogramOf([3, 3], [1, 0]);
    expect([edges[0], edges.at(-1)]).toEqual([2.5, 3.5]);
    expect(positives[20]).toBe(1);
  });
});
