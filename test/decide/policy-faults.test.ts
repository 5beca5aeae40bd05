import { expect, it } from "vitest";
import { findPolicyFaults, policyProblems } from "../../src/decide/policy-faults.ts";
import type { Policy } from "../../src/decide/policy.ts";
import { calibratedWith, loadedDetector } from "../support/scripted-kind.ts";

const likelihood = { scores: [1], log_ratios: [1] };
const detectors = [
  loadedDetector("weighed", { calibration: calibratedWith(likelihood) }),
  loadedDetector("bare", { calibration: calibratedWith() }),
  loadedDetector("guess", { threshold: 3 }),
];

function policy(changes: Partial<Policy>): Policy {
  return {
    name: "p",
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: {},
    ...changes,
  };
}

it("finds nothing in policies that can be carried out", () => {
  const fine = policy({
    detectors: { guess: { action: "abort", onError: "closed", confirmWith: "bare", warmAt: 3 } },
    combine: {
      ratio: { of: ["weighed"], rule: "likelihood_ratio", withinTokens: 16, threshold: 3, action: "flag" },
      any: { of: ["guess", "bare"], rule: "any", withinTokens: 16, threshold: 1, action: "flag" },
    },
  });
  expect(findPolicyFaults({ fine }, detectors)).toEqual([]);
});

it("names detectors that are not loaded, those that only confirm among them", () => {
  const rules = { bare: { action: "flag", onError: "closed", confirmWith: "away" } } as const;
  const problems = policyProblems("gateway.yaml", { bad: policy({ detectors: rules }) }, detectors);
  expect(problems).toMatchObject([
    { field: "policies.bad.detectors.away", message: "the detector is not loaded", cure: expect.any(String) },
  ]);
});

it("names members without a likelihood, and a warmth that comes after the firing", () => {
  const bad = policy({
    detectors: { guess: { action: "abort", onError: "closed", confirmWith: "bare", warmAt: 3.5 } },
    combine: {
      ratio: {
        of: ["weighed", "bare", "guess"],
        rule: "likelihood_ratio",
        withinTokens: 16,
        threshold: 3,
        action: "flag",
      },
    },
  });
  const problems = policyProblems("gateway.yaml", { bad }, detectors);
  expect(problems.map(({ file, field, message }) => `${file} ${field}: ${message}`)).toEqual([
    "gateway.yaml policies.bad.detectors.guess.warm_at: 3.5 is over the threshold 3, so firings below it would not be confirmed",
    'gateway.yaml policies.bad.combine.ratio.of[1]: the detector "bare" has no calibration.likelihood in bare.yaml',
    'gateway.yaml policies.bad.combine.ratio.of[2]: the detector "guess" has no calibration.likelihood in guess.yaml',
  ]);
  expect(problems.every(({ cure }) => cure !== "")).toBe(true);
});

it("names pairs and combinations of detectors that compare at other positions of the prompt", () => {
  const late = loadedDetector("late", { aggregate: { type: "mean", weight: 1, start: 0, compare: "prompt_end" } });
  const both = [...detectors, late, { ...late, id: "later" }];
  const pair = (confirmWith: string) =>
    policy({ detectors: { late: { action: "abort", onError: "closed", confirmWith } } });
  const group = (of: string[], rule: "any" | "all") =>
    policy({ combine: { group: { of, rule, withinTokens: 16, threshold: 1, action: "flag" } } });
  const pathsOf = (one: Policy) => findPolicyFaults({ one }, both).map(({ path }) => path.join("."));
  expect(pathsOf(pair("bare"))).toEqual(["policies.one.detectors.late.confirm_with"]);
  expect(pathsOf(pair("later"))).toEqual([]);
  expect(pathsOf(group(["late", "bare"], "all"))).toEqual(["policies.one.combine.group.of"]);
  expect(pathsOf(group(["late", "bare"], "any"))).toEqual([]);
  expect(pathsOf(group(["late", "later"], "all"))).toEqual([]);
});
