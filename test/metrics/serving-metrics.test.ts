import { expect, test } from "vitest";
import type { RequestOutcome } from "../../src/http/observer.ts";
import { createServingMetrics, type AddTo } from "../../src/metrics/serving-metrics.ts";
import { runEnd } from "../trace/scripted-run.ts";

function setUp() {
  const added: [string, Readonly<Record<string, string>>, number][] = [];
  const add: AddTo = (series, labels, amount) => void added.push([series, labels, amount]);
  const of = (series: string) =>
    added.filter(([key]) => key === series).map(([, labels, amount]) => ({ ...labels, amount }));
  return { metrics: createServingMetrics(add, ["m"]), of };
}

const outcome: RequestOutcome = {
  operation: "chat",
  model: "m",
  durationMs: 1_500,
  firstDeliveryMs: null,
  error: null,
  end: undefined,
};

test.each([
  [null, ""],
  ["cancelled", "cancelled"],
  ["invalid_json", "4xx"],
  ["content_filter", "4xx"],
  ["overloaded", "5xx"],
  ["deadline_exceeded", "5xx"],
] as const)("a request that ended in %s has the error type %s", (error, expected) => {
  const { metrics, of } = setUp();
  metrics.requestEnded({ ...outcome, error });
  expect(of("requestDuration")).toMatchObject([{ error_type: expected, amount: 1.5 }]);
  expect(of("clientCancelled")).toHaveLength(error === "cancelled" ? 1 : 0);
  expect(of("firstDelivery")).toEqual([]);
});

test("an unknown model is unresolved", () => {
  const { metrics, of } = setUp();
  metrics.requestEnded({ ...outcome, model: "made-up" });
  metrics.requestEnded({ ...outcome, model: undefined });
  const unresolved = { gen_ai_request_model: "unresolved" };
  expect(of("requestDuration")).toMatchObject([unresolved, unresolved]);
});

test("requests in flight go up and down", () => {
  const { metrics, of } = setUp();
  metrics.requestStarted();
  metrics.requestEnded(outcome);
  expect(of("inFlight").map(({ amount }) => amount)).toEqual([1, -1]);
});

test("a broken detector that was let pass is counted by its reason", () => {
  const { metrics, of } = setUp();
  const run = { detector: "a", phase: "generation", seconds: 0.1 } as const;
  const end = runEnd("stop", {
    runs: [
      { ...run, verdict: "clear", errorType: "", count: 4 },
      { ...run, verdict: "error", errorType: "threw", count: 2 },
      { ...run, detector: "b", verdict: "error", errorType: "timeout", count: 1 },
    ],
    actions: [{ detector: "a", action: "bypassed", count: 1 }],
  });
  metrics.runEnded({ operation: "chat", model: "m", policy: "p", end });
  expect(of("failOpen")).toEqual([{ detector: "a", reason: "threw", amount: 2 }]);
  expect(of("decisions")).toEqual([{ detector: "a", action: "bypassed", amount: 1 }]);
  expect(of("detectorDuration")).toHaveLength(7);
  expect(of("aborts")).toEqual([]);
});

test("a run without a token has no times of tokens", () => {
  const { metrics, of } = setUp();
  const timing = { waitMs: 0, prefillMs: 5, decodeMs: 0, judgeMs: 0, firstTokenMs: null };
  metrics.runEnded({
    operation: "chat",
    model: "m",
    policy: "p",
    end: runEnd("abort", { timing, generated: [], releasedTokens: 0 }),
  });
  expect([...of("firstToken"), ...of("timePerOutputToken")]).toEqual([]);
  expect(of("tokensBeforeAbort")).toEqual([{ amount: 0 }]);
});

test("a run is counted by its end, its phases and the time in its passes", () => {
  const { metrics, of } = setUp();
  const timing = {
    waitMs: 500,
    prefillMs: 100,
    decodeMs: 400,
    judgeMs: 1,
    firstTokenMs: 600,
    passMs: { prefill: 50, decode: 200 },
  };
  metrics.runEnded({ operation: "chat", model: "m", policy: "p", end: runEnd("length", { timing }) });
  expect(of("runs")).toEqual([{ policy: "p", reason: "length", amount: 1 }]);
  expect(of("runPhase")).toEqual([
    { phase: "wait", amount: 0.5 },
    { phase: "prefill", amount: 0.1 },
    { phase: "decode", amount: 0.4 },
  ]);
  expect(of("passSeconds").map(({ amount }) => amount)).toEqual([0.05, 0.2]);
  expect(of("generatedTokens")).toEqual([{ amount: runEnd("length").generated.length }]);
});

test("a run that never got a slot waited, and did nothing else", () => {
  const { metrics, of } = setUp();
  const timing = { waitMs: 500, prefillMs: 0, decodeMs: 0, judgeMs: 0, firstTokenMs: null };
  metrics.runEnded({
    operation: "chat",
    model: "m",
    policy: "p",
    end: runEnd("deadline", { timing, generated: [], releasedTokens: 0 }),
  });
  expect(of("runPhase")).toEqual([{ phase: "wait", amount: 0.5 }]);
});
