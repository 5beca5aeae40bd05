import { describe, expect, it } from "vitest";
import type { Candidate, SearchRows } from "../../src/training/recipe-search.ts";
import {
  fitRowsOf,
  innerFolds,
  LAMBDAS,
  measuredRows,
  pairsOf,
  searchRecipe,
  stratifiedAuroc,
} from "../../src/training/recipe-search.ts";
import { auroc } from "../../src/training/rates.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";

const N = 48;
const everyRow = (n: number) => Int32Array.from({ length: n }, (_, row) => row);
const LABELS = Uint8Array.from({ length: N }, (_, row) => row % 2);
const GROUPS = Array.from({ length: N }, (_, row) => `g${Math.floor(row / 4)}`);

function searchOf(changes: Partial<SearchRows> = {}): SearchRows {
  const n = changes.labels?.length ?? N;
  return {
    rows: everyRow(n),
    of: n,
    labels: LABELS,
    groups: GROUPS,
    scored: new Uint8Array(n).fill(1),
    weights: new Float32Array(n).fill(1),
    strata: Array.from({ length: n }, () => ""),
    seed: 5,
    ...changes,
  };
}

// The kernel of noise in `width` dimensions, the first of them shifted by the label as far as `signal` says.
function kernelOf(
  labels: Uint8Array,
  { seed, signal }: { seed: number; signal: (row: number) => number },
): Float32Array {
  const width = 8;
  const n = labels.length;
  const noise = seededNumbers(seed, n * width).map((value, at) => {
    const row = Math.floor(at / width);
    return 2 * value - 1 + (at % width === 0 ? signal(row) * (labels[row] === 1 ? 1 : -1) : 0);
  });
  const kernel = new Float32Array(n * n);
  for (let left = 0; left < n; left += 1) {
    for (let right = 0; right < n; right += 1) {
      let sum = 0;
      for (let at = 0; at < width; at += 1) sum += (noise[left * width + at] ?? 0) * (noise[right * width + at] ?? 0);
      kernel[left * n + right] = sum / width;
    }
  }
  return kernel;
}

function candidate(name: string, taps: number, kernel: Float32Array): Candidate {
  return { set: { name, taps: Array.from({ length: taps }, (_, at) => `${at}.${name}`) }, pool: "mean", kernel };
}

describe("a search", () => {
  it("finds the set that tells the classes apart, with the AUROC on groups that were left out", () => {
    const noise = kernelOf(LABELS, { seed: 1, signal: () => 0 });
    const signal = kernelOf(LABELS, { seed: 2, signal: () => 1.2 });
    const found = searchRecipe([candidate("noise", 1, noise), candidate("signal", 3, signal)], searchOf());
    expect(found.set.name).toBe("signal");
    expect(found.auroc).toBeGreaterThan(0.9);
    expect(LAMBDAS).toContain(found.lambda);
  });

  it("takes fewer taps among equals", () => {
    const kernel = kernelOf(LABELS, { seed: 2, signal: () => 1.2 });
    const found = searchRecipe([candidate("wide", 9, kernel), candidate("narrow", 2, kernel)], searchOf());
    expect(found.set.name).toBe("narrow");
  });

  it("measures on the rows that count alone", () => {
    const scored = Uint8Array.from(LABELS, (_, row) => (row < 24 ? 1 : 0));
    const early = kernelOf(LABELS, { seed: 3, signal: (row) => (row < 24 ? 1.5 : 0) });
    const late = kernelOf(LABELS, { seed: 4, signal: (row) => (row < 24 ? 0 : 1.5) });
    const candidates = [candidate("late", 1, late), candidate("early", 1, early)];
    expect(searchRecipe(candidates, searchOf({ scored })).set.name).toBe("early");
    const turned = scored.map((value) => 1 - value);
    expect(searchRecipe(candidates, searchOf({ scored: turned })).set.name).toBe("late");
  });

  it("never looks at rows beyond those given", () => {
    const rows = everyRow(24);
    const kernel = kernelOf(LABELS, { seed: 2, signal: () => 0.4 });
    const spoiled = kernel.map((value, at) => (at % N >= 24 || at >= 24 * N ? NaN : value));
    const labels = LABELS.map((label, row) => (row < 24 ? label : 1 - label));
    const clean = searchRecipe([candidate("one", 1, kernel)], searchOf({ rows }));
    expect(searchRecipe([candidate("one", 1, spoiled)], searchOf({ rows, labels }))).toEqual(clean);
  });

  it("of very many rows looks at groups of both classes, however large those of one class are", () => {
    const n = 1300;
    // Two sources of six hundred rows without the concept, and four small groups with it.
    const labels = Uint8Array.from({ length: n }, (_, row) => (row < 1200 ? 0 : 1));
    const groups = Array.from(labels, (_, row) => (row < 1200 ? `source ${row % 2}` : `case ${row % 4}`));
    const kernel = new Float32Array(n * n);
    for (let row = 0; row < n; row += 1) {
      for (let other = 0; other < n; other += 1)
        kernel[row * n + other] = (row === other ? 1 : 0) + (labels[row] === labels[other] ? 0.5 : -0.5);
    }
    for (const seed of [1, 2, 3, 4]) {
      const found = searchRecipe([candidate("one", 1, kernel)], searchOf({ labels, groups, seed }));
      expect(found.auroc).toBe(1);
    }
  }, 30_000);

  it("is refused without a set", () => {
    expect(() => searchRecipe([], searchOf())).toThrow("there is no set of taps to search");
  });

  it("is refused when every group of one class is one", () => {
    const groups = GROUPS.map((group, row) => (LABELS[row] === 1 ? "the only one" : group));
    expect(() =>
      searchRecipe([candidate("one", 1, kernelOf(LABELS, { seed: 1, signal: () => 1 }))], searchOf({ groups })),
    ).toThrow("all rows of one class are of one group: nothing can be left out to choose by");
  });
});

describe("inner folds", () => {
  it("keep groups whole and leave both classes on both sides of every fold", () => {
    for (const seed of [1, 2, 3, 4]) {
      const folds = innerFolds(everyRow(N), searchOf({ seed }));
      const foldOf = new Map<string, number>();
      GROUPS.forEach((group, row) => {
        expect(foldOf.get(group) ?? folds[row]).toBe(folds[row]);
        foldOf.set(group, folds[row] ?? -1);
      });
      expect(new Set(folds)).toEqual(new Set([0, 1, 2, 3]));
    }
  });

  it("are as many as the rarer class has groups when those are fewer than four", () => {
    const groups = GROUPS.map((group, row) => (LABELS[row] === 1 ? `rare ${row % 3 === 0}` : group));
    expect(new Set(innerFolds(everyRow(N), searchOf({ groups }))).size).toBe(2);
  });
});

describe("rows that choices are measured on", () => {
  it("are the scored ones among those given, or all where those have one class", () => {
    const rows = Int32Array.of(3, 8, 9, 40);
    const scored = new Uint8Array(N);
    for (const row of [8, 9, 41]) scored[row] = 1;
    expect(measuredRows(rows, searchOf({ scored }))).toEqual([1, 2]);
    scored[9] = 0;
    expect(measuredRows(rows, searchOf({ scored }))).toEqual([0, 1, 2, 3]);
  });
});

describe("the area within strata", () => {
  const labels = Uint8Array.of(0, 1, 0, 1, 0, 1, 0);
  const scores = Float64Array.of(10, 11, 1, 2, 5, 4, 6);
  const rows = everyRow(7);

  it("is the mean of each one's own by their rows: what only parts the strata does not count", () => {
    const strata = ["long", "long", "short", "short", "short", "short", "short"];
    // Long texts: 1 of 1 pairs; short ones: 2 and 4 against 1, 5 and 6.
    expect(stratifiedAuroc(scores, rows, { labels, strata })).toBeCloseTo((2 * 1 + 5 * (2 / 6)) / 7, 12);
  });

  it("takes strata of one class together", () => {
    const strata = ["a", "b", "a", "b", "a", "b", "a"];
    expect(stratifiedAuroc(scores, rows, { labels, strata })).toBe(auroc(scores, labels));
  });

  it("goes by the rows that it is given", () => {
    const some = Int32Array.of(6, 5, 1, 0);
    const strata = Array.from(labels, () => "");
    expect(stratifiedAuroc(Float64Array.of(1, 2, 3, 4), some, { labels, strata })).toBe(0.5);
  });
});

describe("rows of a fit", () => {
  it("have labels and weights of their own rows and the kernel of the recipe", () => {
    const kernel = kernelOf(LABELS, { seed: 1, signal: () => 0 });
    const weights = Float32Array.from(LABELS, (_, row) => row / 10);
    const one = candidate("one", 1, kernel);
    const fit = fitRowsOf(
      [candidate("other", 2, new Float32Array(0)), one],
      { ...one, lambda: 1 },
      searchOf({ rows: Int32Array.of(5, 2), weights }),
    );
    expect(fit).toEqual({
      rows: Int32Array.of(5, 2),
      labels: Uint8Array.of(1, 0),
      weights: Float32Array.of(0.5, 0.2),
      kernel,
    });
    expect(() => fitRowsOf([], { ...one, lambda: 1 }, searchOf())).toThrow("there is no kernel of one");
  });
});

describe("pairs", () => {
  it("are every set with every pool", () => {
    const set = { name: "a", taps: ["0.attn_out"] };
    expect(pairsOf([set])).toEqual([
      { set, pool: "mean" },
      { set, pool: "late" },
    ]);
  });
});
