import { expect, test } from "vitest";
import { RUN_SERIES } from "../../src/metrics/run-series.ts";
import { SERIES } from "../../src/metrics/series.ts";

test("they are in the table of every series, in their order", () => {
  expect(Object.keys(SERIES).filter((key) => key in RUN_SERIES)).toEqual(Object.keys(RUN_SERIES));
});

test("what is estimated says so in its name, what is measured does not", () => {
  const estimated = Object.values(RUN_SERIES).filter(({ help }) => help.startsWith("Estimate:"));
  expect(estimated.map(({ name }) => name)).toEqual(["oversight_tax_saved_seconds_estimate_total"]);
});

test("a run of a few seconds, and the few microseconds that judging a token takes, fall between bounds", () => {
  const { runPhase, decodeOverhead } = RUN_SERIES;
  expect([runPhase.buckets[0], decodeOverhead.buckets[0]]).toEqual([0.005, 0.00001]);
  expect(runPhase.buckets.at(-1)).toBeGreaterThan(120);
  expect(decodeOverhead.buckets.at(-1)).toBeGreaterThan(0.1);
});
