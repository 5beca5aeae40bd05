import { describe, expect, test } from "vitest";
import { isAtLeastAsStrict } from "../../src/decide/policy-order.ts";
import type { Combination, DetectorRule, Policy } from "../../src/decide/policy.ts";

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

describe("confirmation", () => {
  const confirmed = (changes: Partial<DetectorRule> = {}, others: Policy["detectors"] = {}) =>
    policy({
      detectors: { one: rule({ confirmWith: "dear", ...changes }), two: rule({ action: "observe" }), ...others },
    });

  test("is a weakening where there was none, whatever the action", () => {
    expect(isAtLeastAsStrict(confirmed(), policy())).toBe(false);
    expect(isAtLeastAsStrict(confirmed({ action: "abort" }), withOne({ action: "observe" }))).toBe(false);
    expect(isAtLeastAsStrict(policy(), confirmed())).toBe(true);
  });

  test.each<[string, Policy, boolean]>([
    ["the same", confirmed(), true],
    ["the same with a stricter action", confirmed({ action: "abort" }), true],
    ["another confirming detector", confirmed({ confirmWith: "other" }), false],
    // What was asked before may be in the confirming detector's average.
    ["a lower warmth", confirmed({ warmAt: 0 }), false],
    ["more positions", confirmed({ positions: "both" }), false],
    ["one more that asks it", confirmed({}, { three: rule({ confirmWith: "dear" }) }), false],
    ["one more that asks another", confirmed({}, { three: rule({ confirmWith: "other" }) }), true],
    ["a confirming detector that judges by itself", confirmed({}, { dear: rule() }), false],
  ])("%s", (_, candidate, expected) => {
    expect(isAtLeastAsStrict(candidate, confirmed())).toBe(expected);
  });
});

describe("combinations", () => {
  const team: Combination = { of: ["one", "two"], rule: "any", withinTokens: 8, threshold: 1, action: "flag" };
  const weighted: Combination = { ...team, rule: "weighted", weights: { one: 1, two: 2 }, threshold: 3 };
  const combined = (combination: Combination, detectors: Policy["detectors"] = policy().detectors) =>
    policy({ combine: { team: combination }, detectors });
  const three = { ...policy().detectors, three: rule() };

  test("one more is stricter, one fewer is looser", () => {
    expect(isAtLeastAsStrict(combined(team), policy())).toBe(true);
    expect(isAtLeastAsStrict(policy(), combined(team))).toBe(false);
    expect(isAtLeastAsStrict(policy(), combined({ ...team, action: "observe" }))).toBe(false);
  });

  test.each<[string, Combination, Combination, boolean]>([
    ["itself", team, team, true],
    ["a stricter action", { ...team, action: "abort" }, team, true],
    ["a milder action", { ...team, action: "observe" }, team, false],
    ["a longer window", { ...team, withinTokens: 9 }, team, true],
    ["a shorter window", { ...team, withinTokens: 7 }, team, false],
    ["fewer positions", { ...team, positions: "generation" }, team, false],
    ["all positions, said", { ...team, positions: "both" }, team, true],
    ["all positions", team, { ...team, positions: "prompt" }, true],
    ["any of more", { ...team, of: ["one", "two", "three"] }, team, true],
    ["any of fewer", { ...team, of: ["one"] }, team, false],
    ["all of fewer", { ...team, rule: "all", of: ["one"], threshold: 1 }, { ...team, rule: "all", threshold: 2 }, true],
    ["all of more", { ...team, rule: "all", of: ["one", "two", "three"] }, { ...team, rule: "all" }, false],
    ["another rule", { ...team, rule: "any" }, { ...team, rule: "all" }, false],
    ["a lower threshold", { ...weighted, threshold: 2 }, weighted, true],
    ["a higher threshold", { ...weighted, threshold: 4 }, weighted, false],
    ["another order", { ...weighted, of: ["two", "one"] }, weighted, true],
    ["other weights", { ...weighted, weights: { one: 1, two: 3 } }, weighted, false],
    ["one more that is weighed", { ...weighted, of: ["one", "two", "three"] }, weighted, false],
  ])("%s", (_, candidate, base, expected) => {
    expect(isAtLeastAsStrict(combined(candidate, three), combined(base, three))).toBe(expected);
  });

  test("need members that speak wherever they did", () => {
    const both = (two: Partial<DetectorRule>, combination: Combination) =>
      combined(combination, { one: rule({ positions: "both" }), two: rule({ positions: "both", ...two }) });
    const observed = both({ action: "observe" }, team);
    // Alone, this member could give way: an observation acts on nothing.
    expect(isAtLeastAsStrict(both({ action: "abort", positions: "generation" }, team), observed)).toBe(false);
    expect(isAtLeastAsStrict(both({ action: "abort" }, team), observed)).toBe(true);
    const narrow = both({ action: "observe", positions: "generation" }, team);
    expect(isAtLeastAsStrict(observed, narrow)).toBe(true);
    // Where scores are added up, more of them may make the sum smaller.
    const sums = [
      both({ action: "observe" }, weighted),
      both({ action: "observe", positions: "generation" }, weighted),
    ];
    expect(isAtLeastAsStrict(sums[0] as Policy, sums[1] as Policy)).toBe(false);
    expect(isAtLeastAsStrict(sums[0] as Policy, sums[0] as Policy)).toBe(true);
  });
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
