import { expect, it } from "vitest";
import { createRunCounter } from "../../src/detect/run-counter.ts";

it("adds runs up by detector, phase, verdict and error type", () => {
  const counter = createRunCounter();
  const clear = { detector: "a", phase: "prompt", verdict: "clear", errorType: "", seconds: 0.25 } as const;
  counter.add(clear);
  counter.add({ ...clear, seconds: 0.5 });
  counter.add({ ...clear, phase: "generation" });
  counter.add({ ...clear, verdict: "error", errorType: "threw" });
  expect(counter.rows()).toEqual([
    { ...clear, count: 2, seconds: 0.75 },
    { ...clear, phase: "generation", count: 1 },
    { ...clear, verdict: "error", errorType: "threw", count: 1 },
  ]);
});
