import { expect, test } from "vitest";
import { CONFIG_SERIES } from "../../src/metrics/config-series.ts";

test("all of them are gauges, and only the hash has a label", () => {
  expect(Object.values(CONFIG_SERIES).map(({ kind, labels }) => [kind, ...labels])).toEqual([
    ["gauge"],
    ["gauge"],
    ["gauge", "hash"],
  ]);
});
