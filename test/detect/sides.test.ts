import { expect, it } from "vitest";
import type { Phase } from "../../src/detect/finding.ts";
import { covers, sideOf } from "../../src/detect/sides.ts";

const PHASES: readonly Phase[] = ["prompt", "both", "generation"];

it("judges the last prompt position on both sides", () => {
  expect(PHASES.map((phase) => covers("prompt", phase))).toEqual([true, true, false]);
  expect(PHASES.map((phase) => covers("generation", phase))).toEqual([false, true, true]);
  expect(PHASES.map((phase) => covers("both", phase))).toEqual([true, true, true]);
});

it("counts it as prompt, unless the generation alone is judged", () => {
  expect(PHASES.map((phase) => sideOf(phase, "both"))).toEqual(["prompt", "prompt", "generation"]);
  expect(sideOf("both", "generation")).toBe("generation");
});
