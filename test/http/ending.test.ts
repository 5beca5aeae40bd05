import { describe, expect, test } from "vitest";
import type { EndReason } from "../../src/engine/engine.ts";
import { actionOf, endingOf, oversightOf } from "../../src/http/ending.ts";
import { runEnd } from "../trace/scripted-run.ts";
import { POLICIES } from "./scripted-api.ts";

function ending(reason: EndReason, options: { policy?: string; promptJudged?: boolean } = {}): string {
  const policy = POLICIES[options.policy ?? "default"];
  if (!policy) throw new Error("no such policy");
  const result = endingOf(runEnd(reason), { policy, promptJudged: options.promptJudged ?? true });
  return result.kind === "reply" ? result.finishReason : result.error.code;
}

describe("the end of a run, as its client sees it", () => {
  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["abort", "content_filter"],
    ["deadline", "deadline_exceeded"],
    ["unavailable", "oversight_unavailable"],
    ["failed", "oversight_unavailable"],
    ["cancelled", "not_ready"],
  ] as const)("%s is %s", (reason, expected) => {
    expect(ending(reason)).toBe(expected);
  });

  test("an abort is an error before the prompt was judged, or when policy says so", () => {
    const { strict, demo } = POLICIES;
    const kind = (policy: typeof strict, promptJudged: boolean) =>
      policy && endingOf(runEnd("abort"), { policy, promptJudged }).kind;
    expect([kind(demo, true), kind(demo, false), kind(strict, true)]).toEqual(["reply", "error", "error"]);
  });
});

test.each([
  ["continue", "allow"],
  ["observe", "allow"],
  ["flag", "flag"],
  ["would_abort", "would_abort"],
  ["abort", "abort"],
] as const)("the decision %s is told as %s", (action, told) => {
  expect(actionOf(runEnd("stop", { decision: { action } }))).toBe(told);
});

test("the oversight object names the detectors that fired, without scores", () => {
  expect(oversightOf("tr_1", runEnd("abort"))).toEqual({
    oversight: { trace_id: "tr_1", action: "abort", detectors: ["country-channel"] },
  });
});
