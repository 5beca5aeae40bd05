import { expect, it } from "vitest";
import { loosenPolicy } from "../../src/decide/override.ts";
import { isAtLeastAsStrict } from "../../src/decide/policy-order.ts";
import type { Policy } from "../../src/decide/policy.ts";

const rule = { action: "abort", onError: "closed" } as const;
const policy: Policy = {
  name: "one",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: { sea: { ...rule, confirmWith: "ships" }, sky: rule },
  combine: { both: { of: ["sea", "sky"], rule: "all", withinTokens: 16, threshold: 2, action: "flag" } },
};

it("leaves a policy alone that no override concerns", () => {
  expect(loosenPolicy(policy, [])).toBe(policy);
  expect(loosenPolicy(policy, [{ detector: "elsewhere", mode: "observe" }])).toBe(policy);
});

it("loosens detectors, what only confirms, and combinations by name", () => {
  const overrides = ["sea", "ships", "both"].map((detector) => ({ detector, mode: "monitor" as const }));
  expect(loosenPolicy(policy, overrides)).toEqual({
    ...policy,
    loosened: { sea: "monitor", ships: "monitor", both: "monitor" },
  });
});

it("loosens everything for null, and then releases as monitor mode does", () => {
  expect(loosenPolicy(policy, [{ detector: null, mode: "monitor" }])).toEqual({
    ...policy,
    mode: "monitor",
    loosened: { sea: "monitor", sky: "monitor", ships: "monitor", both: "monitor" },
  });
});

it("takes the looser of two, in whatever order they came", () => {
  const overrides = [
    { detector: "sea", mode: "observe" },
    { detector: null, mode: "monitor" },
    { detector: "sea", mode: "monitor" },
  ] as const;
  for (const given of [overrides, overrides.toReversed()])
    expect(loosenPolicy(policy, given).loosened).toMatchObject({ sea: "observe", sky: "monitor" });
});

it("makes a policy that is not as strict as before, and may not be chosen in its place", () => {
  const loose = loosenPolicy(policy, [{ detector: "sky", mode: "monitor" }]);
  const own = { sea: "both", sky: "both", ships: "both" } as const;
  expect(isAtLeastAsStrict(policy, policy, own)).toBe(true);
  expect(isAtLeastAsStrict(loose, policy, own)).toBe(false);
});
