import { expect, it } from "vitest";
import { roundNumber } from "../../src/enrichment/rounding.ts";

it("keeps four decimals, and has null for what JSON cannot say", () => {
  expect([1.234_56, -0.000_04, NaN, -Infinity].map(roundNumber)).toEqual([1.2346, -0, null, null]);
});
