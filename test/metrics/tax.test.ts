import { expect, test } from "vitest";
import type { RunEnd } from "../../src/engine/engine.ts";
import type { AddTo } from "../../src/metrics/serving-metrics.ts";
import { createTax } from "../../src/metrics/tax.ts";
import { runEnd } from "../trace/scripted-run.ts";

function setUp() {
  const sums = new Map<string, number>();
  const add: AddTo = (series, labels, amount) => {
    const name = [series, ...Object.values(labels)].join(" ");
    sums.set(name, (sums.get(name) ?? 0) + amount);
  };
  const set: AddTo = (series, labels, value) => void sums.set([series, ...Object.values(labels)].join(" "), value);
  const tax = createTax({ add, set });
  const run = (reason: RunEnd["reason"], tokens: number, changes: Partial<RunEnd> = {}) => {
    const generated = Array.from({ length: tokens }, (_, id) => ({ id, text: "a" }));
    const timing = {
      waitMs: 900,
      prefillMs: 900,
      decodeMs: 900,
      judgeMs: tokens + 10,
      firstTokenMs: 1_000,
      passMs: { prefill: 100, decode: tokens * 9 },
    };
    const end = runEnd(reason, { promptTokens: 10, generated, timing, ...changes });
    tax.runEnded({ operation: "chat", model: "m", policy: "p", maxTokens: 64, end });
  };
  return { tax, run, sum: (name: string) => sums.get(name) };
}

test("before the measurement only judging is counted", () => {
  const { run, sum } = setUp();
  run("stop", 10);
  expect(sum("taxSpent lens")).toBe(0);
  expect(sum("taxSpent judging")).toBeCloseTo(0.02);
});

test("shares apply to the time in passes, not to waiting and other runs' turns", () => {
  const { tax, run, sum } = setUp();
  tax.learn({ prefill: 0.2, decode: 0.1, stepMs: 9 });
  run("stop", 10);
  expect(sum("taxSpent lens")).toBeCloseTo((100 * 0.2 + 90 * 0.1) / 1000);
  expect(sum("decodeOverhead lens")).toBeCloseTo(0.0009);
  expect(sum("decodeOverhead judging")).toBeCloseTo(0.001);
  tax.learn({ prefill: 0.3, decode: 0.05, stepMs: 9 });
  expect(sum("lensShare decode")).toBe(0.05);
});

test("a confirmed abort saves the median rest of replies like it, at the time that a token takes", () => {
  const { tax, run, sum } = setUp();
  for (let reply = 0; reply < 5; reply += 1) run("length", 60);
  run("cancelled", 63);
  run("abort", 4);
  tax.confirmed({ maxTokens: 64, generatedTokens: 4 });
  // Nine milliseconds of passing and one of judging a token; 56 tokens were not written.
  expect(sum("taxSaved")).toBeCloseTo(0.56);
});

test("an abort that was not confirmed, or that nothing can be compared with, saves nothing", () => {
  const { tax, run, sum } = setUp();
  run("abort", 4);
  tax.confirmed({ maxTokens: 64, generatedTokens: 4 });
  expect(sum("taxSaved")).toBeUndefined();
});

test("after a restart the lengths of earlier replies and the measured step serve", () => {
  const { tax, sum } = setUp();
  tax.learn({ prefill: 0, decode: 0, stepMs: 20 });
  for (let reply = 0; reply < 5; reply += 1) tax.remember({ maxTokens: 64, generatedTokens: 34 });
  tax.confirmed({ maxTokens: 64, generatedTokens: 4 });
  expect(sum("taxSaved")).toBeCloseTo(0.6);
});

test("a run that read nothing costs nothing", () => {
  const { run, sum } = setUp();
  const timing = { waitMs: 5, prefillMs: 0, decodeMs: 0, judgeMs: 0, firstTokenMs: null };
  run("deadline", 0, { promptTokens: 0, timing });
  expect([sum("taxSpent lens"), sum("taxSpent judging"), sum("decodeOverhead lens")]).toEqual([0, 0, undefined]);
});
