import { describe, expect, test } from "vitest";
import { isAtLeastAsStrict } from "../../src/decide/policy-order.ts";
import type { DetectorRule, Policy } from "../../src/decide/policy.ts";

const rule = (changes: Partial<DetectorRule> = {}): DetectorRule => ({ action: "flag", onError: "closed", ...changes });

function policy(changes: Partial<Policy> = {}): Policy {
  return {
    name: "p",
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: { one: rule(), two: rule({ action: "observe" }) },
    ...changes,
  };
}

const withOne = (changes: Partial<DetectorRule>) =>
  policy({ detectors: { one: rule(changes), two: rule({ action: "observe" }) } });

test("a policy is as strict as itself", () => {
  expect(isAtLeastAsStrict(policy(), policy())).toBe(true);
});

test.each<[string, Partial<Policy>]>([
  ["more detectors", { detectors: { ...policy().detectors, three: rule() } }],
  ["a longer hold", { holdTokens: 8 }],
  ["the whole history", { promptScope: "all" }],
  ["another look of an abort", { onAbort: "error" }],
  ["a stricter action", { detectors: { one: rule({ action: "abort" }), two: rule({ action: "flag" }) } }],
])("%s is strict enough", (_, changes) => {
  expect(isAtLeastAsStrict(policy(changes), policy())).toBe(true);
});

test.each<[string, Partial<Policy>]>([
  ["a missing detector", { detectors: { one: rule() } }],
  ["no detector at all", { detectors: {} }],
  ["monitor mode", { mode: "monitor" }],
  ["a shorter hold", { holdTokens: 0 }],
  ["a milder action", { detectors: { one: rule({ action: "observe" }), two: rule({ action: "observe" }) } }],
  ["an open error rule", { detectors: { one: rule({ onError: "open" }), two: rule({ action: "observe" }) } }],
  ["an inherited name", { detectors: Object.create(policy().detectors) as Policy["detectors"] }],
])("%s is looser", (_, changes) => {
  expect(isAtLeastAsStrict(policy(changes), policy())).toBe(false);
});

test("everything is at least as strict as the loosest base", () => {
  const loosest = policy({
    mode: "monitor",
    holdTokens: 0,
    detectors: { one: rule({ action: "observe", onError: "open" }) },
  });
  expect(isAtLeastAsStrict(policy(), loosest)).toBe(true);
  expect(isAtLeastAsStrict(loosest, policy())).toBe(false);
});

test("a base that judges the whole history wants the same", () => {
  expect(isAtLeastAsStrict(policy(), policy({ promptScope: "all" }))).toBe(false);
});

describe("positions", () => {
  test.each([
    ["both", "generation", true],
    ["both", undefined, true],
    ["generation", "generation", true],
    ["generation", "both", false],
    ["generation", "prompt", false],
    [undefined, undefined, true],
    // What a definition says by itself is unknown here.
    ["generation", undefined, false],
    [undefined, "generation", false],
  ] as const)("%s against %s: %s", (candidate, base, expected) => {
    const at = (positions: DetectorRule["positions"]) => withOne(positions === undefined ? {} : { positions });
    expect(isAtLeastAsStrict(at(candidate), at(base))).toBe(expected);
  });

  test("a rule without positions means the definition's own", () => {
    expect(isAtLeastAsStrict(withOne({ positions: "generation" }), withOne({}), { one: "generation" })).toBe(true);
    expect(isAtLeastAsStrict(withOne({ positions: "generation" }), withOne({}), { one: "both" })).toBe(false);
    expect(isAtLeastAsStrict(withOne({}), withOne({ positions: "prompt" }), { one: "both" })).toBe(true);
  });

  test("an observation may give way to an action on fewer positions, but not to a narrower observation", () => {
    const observed = withOne({ action: "observe" });
    expect(isAtLeastAsStrict(withOne({ action: "abort", positions: "generation" }), observed, { one: "both" })).toBe(
      true,
    );
    expect(isAtLeastAsStrict(withOne({ action: "observe", positions: "generation" }), observed, { one: "both" })).toBe(
      false,
    );
  });
});
