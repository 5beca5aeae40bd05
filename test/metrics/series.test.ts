import { expect, test } from "vitest";
import { SERIES, type Series } from "../../src/metrics/series.ts";

const all: readonly Series[] = Object.values(SERIES);

test("names are unique, lower-case with underscores, and begin with gen_ai_, oversight_ or bullmq_", () => {
  const names = all.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^(gen_ai|oversight|bullmq)_[a-z_]+$/);
});

test("counters end in _total, and nothing else does", () => {
  for (const { name, kind } of all) expect(name.endsWith("_total"), name).toBe(kind === "counter");
});

test("no label names a caller, a key or a text", () => {
  for (const { labels } of all)
    for (const label of labels) expect(label).not.toMatch(/key|user|trace|prompt|request_id|token$/);
});

test("histograms have rising buckets, and those of the conventions are theirs", () => {
  for (const { kind, buckets = [], name } of all) {
    expect(buckets.length > 0, name).toBe(kind === "histogram");
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
  }
  expect(SERIES.requestDuration.buckets.map((bound) => Number(bound.toFixed(2)))).toEqual([
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
  ]);
  expect(SERIES.tokenUsage.buckets.at(-1)).toBe(67_108_864);
  expect(SERIES.firstToken.buckets).toHaveLength(16);
});
