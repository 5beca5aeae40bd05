import { describe, expect, it } from "vitest";
import { findCombinationFaults, toCombinations } from "../../src/config/combinations.ts";
import { resolvePolicies } from "../../src/config/policies.ts";
import type { CombinationEntry, PolicyEntry } from "../../src/config/schema.ts";
import { formatField } from "../../src/yaml-document.ts";

const detectors: PolicyEntry["detectors"] = { one: { action: "observe" }, two: { action: "observe" } };
const any: CombinationEntry = { of: ["one", "two"], rule: "any", action: "flag" };
const weighted: CombinationEntry = { ...any, rule: "weighted", weights: { one: 1, two: 2 }, threshold: 3 };

function faultsOf(combination: CombinationEntry, name = "team"): string[] {
  const entry = { detectors, combine: { [name]: combination } };
  const faults = findCombinationFaults("p", { entry, merged: entry }, ["one", "two", "three"]);
  return faults.map(({ path, message, cure }) => {
    expect(cure).not.toBe("");
    return `${formatField(path).replace(`policies.p.combine.${name}`, "")}: ${message}`;
  });
}

describe("findCombinationFaults", () => {
  it.each([
    any,
    { ...any, rule: "all" as const, within_tokens: 1 },
    weighted,
    { ...any, rule: "likelihood_ratio" as const, threshold: -1 },
  ])("finds nothing in %j", (combination) => {
    expect(faultsOf(combination)).toEqual([]);
  });

  it.each<[CombinationEntry, string[]]>([
    [{}, [".of: is missing", ".rule: is missing", ".action: is missing"]],
    [{ ...any, of: ["one", "three"] }, ['.of[1]: the policy has no detector "three"']],
    [{ ...any, of: ["one", "one"] }, ['.of[1]: "one" is there twice']],
    [{ ...any, threshold: 1 }, [".threshold: has no meaning for the rule any"]],
    [{ ...any, rule: "all", weights: { one: 1, two: 1 } }, [".weights: has no meaning for the rule all"]],
    [{ ...any, rule: "weighted" }, [".threshold: is missing", ".weights: is missing"]],
    [{ ...any, rule: "likelihood_ratio" }, [".threshold: is missing"]],
    [{ ...weighted, within_tokens: 3 }, [".within_tokens: has no meaning for the rule weighted"]],
    [{ ...weighted, weights: { one: 1, tow: 2 } }, ['.weights: "two" has no weight', ".weights.tow: is not in of"]],
  ])("refuses %j", (combination, expected) => {
    expect(faultsOf(combination)).toEqual(expected);
  });

  it("refuses the name of a detector", () => {
    expect(faultsOf(any, "three")).toEqual([": a detector has this name"]);
  });
});

describe("toCombinations", () => {
  it("fills in what is not said", () => {
    expect(toCombinations({ combine: { any, all: { ...any, rule: "all", positions: "prompt" }, weighted } })).toEqual({
      any: { of: ["one", "two"], rule: "any", withinTokens: 16, threshold: 1, action: "flag" },
      all: { of: ["one", "two"], rule: "all", withinTokens: 16, threshold: 2, action: "flag", positions: "prompt" },
      weighted: {
        of: ["one", "two"],
        rule: "weighted",
        withinTokens: 16,
        weights: { one: 1, two: 2 },
        threshold: 3,
        action: "flag",
      },
    });
  });
});

describe("combinations of a policy that is extended", () => {
  it("are inherited field by field, and judged where they are written", () => {
    const { policies, faults } = resolvePolicies(
      {
        base: { detectors, combine: { team: any, torn: { rule: "any", action: "flag" } } },
        child: { extends: "base", combine: { team: { action: "abort", within_tokens: 2 } } },
      },
      ["one", "two"],
    );
    expect(policies["child"]?.combine?.["team"]).toMatchObject({
      of: ["one", "two"],
      withinTokens: 2,
      action: "abort",
    });
    expect(faults.map(({ path }) => formatField(path))).toEqual(["policies.base.combine.torn.of"]);
  });
});

describe("confirmation", () => {
  const faults = (written: PolicyEntry["detectors"], child: PolicyEntry = {}) =>
    resolvePolicies({ p: { detectors: written }, child: { extends: "p", ...child } }, [
      "one",
      "two",
      "three",
    ]).faults.map(({ path, message }) => `${formatField(path)}: ${message}`);

  it("is by another detector, with a rule or without", () => {
    const one = { action: "abort" as const, confirm_with: "two", warm_at: 0.5 };
    const { policies } = resolvePolicies({ p: { detectors: { one } } }, ["one", "two"]);
    expect(policies["p"]?.detectors["one"]).toEqual({
      action: "abort",
      onError: "closed",
      confirmWith: "two",
      warmAt: 0.5,
    });
    expect(faults({ one, two: { action: "observe" } })).toEqual([]);
  });

  it.each<[PolicyEntry["detectors"], string]>([
    [{ one: { action: "abort", confirm_with: "tow" } }, 'confirm_with: there is no detector "tow"'],
    [{ one: { action: "abort", confirm_with: "one" } }, "confirm_with: names the detector itself"],
    [{ one: { action: "abort", warm_at: 1 } }, "warm_at: has no meaning without confirm_with"],
    [
      { one: { action: "abort", confirm_with: "two" }, two: { action: "abort", confirm_with: "three" } },
      'confirm_with: "two" is itself to be confirmed',
    ],
  ])("refuses %j", (written, expected) => {
    expect(faults(written)).toEqual([`policies.p.detectors.one.${expected}`]);
  });

  it("is refused in the policy that makes a chain of it", () => {
    const child: PolicyEntry = { detectors: { two: { action: "abort", confirm_with: "three" } } };
    expect(faults({ one: { action: "abort", confirm_with: "two" } }, child)).toEqual([
      'policies.child.detectors.one.confirm_with: "two" is itself to be confirmed',
    ]);
  });
});
