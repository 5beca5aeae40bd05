import { expect, it } from "vitest";
import { gatewaySchema } from "../../src/config/schema.ts";
import { ACTIONS } from "../../src/decide/policy.ts";

it("lists the actions that gateway.yaml may name, from mild to strict", () => {
  const accepts = (action: string): boolean =>
    gatewaySchema.safeParse({ model: "m", default_policy: "a", policies: { a: { detectors: { x: { action } } } } })
      .success;
  expect(ACTIONS).toEqual(["observe", "flag", "abort"]);
  expect([...ACTIONS, "would_abort", "bypassed", "continue"].filter(accepts)).toEqual([...ACTIONS]);
});
