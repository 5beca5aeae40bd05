import { expect, it } from "vitest";
import { gatewaySchema } from "../../src/config/schema.ts";
import {
  ACTIONS,
  COMBINATION_RULES,
  detectorsOf,
  everyScoredName,
  membersOf,
  ruleOf,
  scoredNames,
  type Policy,
} from "../../src/decide/policy.ts";

it("lists the actions that gateway.yaml may name, from mild to strict", () => {
  const accepts = (action: string): boolean =>
    gatewaySchema.safeParse({ model: "m", default_policy: "a", policies: { a: { detectors: { x: { action } } } } })
      .success;
  expect(ACTIONS).toEqual(["observe", "flag", "abort"]);
  expect([...ACTIONS, "would_abort", "bypassed", "continue"].filter(accepts)).toEqual([...ACTIONS]);
});

it("lists the rules of a combination that gateway.yaml may name", () => {
  const accepts = (rule: string): boolean =>
    gatewaySchema.safeParse({ model: "m", default_policy: "a", policies: { a: { combine: { x: { rule } } } } }).success;
  expect([...COMBINATION_RULES, "most"].filter(accepts)).toEqual([...COMBINATION_RULES]);
});

const policy: Policy = {
  name: "p",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: {
    one: { action: "flag", onError: "closed", confirmWith: "dear" },
    two: { action: "abort", onError: "open" },
  },
  combine: { team: { of: ["one", "two"], rule: "any", withinTokens: 16, threshold: 1, action: "abort" } },
};

it("knows which detectors a policy runs, and what has a score", () => {
  expect(detectorsOf(policy)).toEqual(["one", "two", "dear"]);
  expect(scoredNames(policy)).toEqual(["one", "two", "dear", "team"]);
  const other = {
    detectors: { two: { action: "flag", onError: "closed" }, sea: { action: "flag", onError: "closed" } },
  } as const;
  expect(everyScoredName({ policy, other })).toEqual(["one", "two", "dear", "team", "sea"]);
  expect([membersOf(policy, "team"), membersOf(policy, "one")]).toEqual([["one", "two"], ["one"]]);
});

it("has a rule for every name that may speak, and none for another", () => {
  expect(ruleOf(policy, "two")).toEqual({ action: "abort", onError: "open" });
  expect(ruleOf(policy, "dear")).toEqual({ action: "observe", onError: "closed" });
  expect(ruleOf(policy, "team")).toEqual({ action: "abort", onError: "closed" });
  expect(["three", "constructor", "__proto__"].map((name) => ruleOf(policy, name))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
