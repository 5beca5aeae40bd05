import { describe, expect, it } from "vitest";
import { gatewaySchema } from "../../src/config/schema.ts";

const small = { model: "m", default_policy: "a", policies: { a: {} } };

describe("gatewaySchema", () => {
  it("needs nothing but a model, policies and the name of the default one", () => {
    expect(gatewaySchema.parse(small)).toMatchObject({
      detectors: "detectors",
      kinds: [],
      keys: [],
      precision: "fast",
    });
    for (const key of Object.keys(small)) {
      expect(gatewaySchema.safeParse({ ...small, [key]: undefined }).success, key).toBe(false);
    }
  });

  it.each([
    ["at the top", { detector: "x" }],
    ["in the engine", { engine: { slot: 1 } }],
    ["in a listener", { api: { hosts: [] } }],
    ["in the console", { console: { prot: 1 } }],
    ["in a policy", { policies: { a: { hold: 1 } } }],
    ["in a rule", { policies: { a: { detectors: { x: { action: "flag", onError: "open" } } } } }],
    ["in a key", { keys: [{ id: "a", sha256: "0".repeat(64), secret: "x" }] }],
    ["in the limits", { limits: { body: 1 } }],
    ["in the timeouts", { timeouts: { total: 1 } }],
  ])("refuses an unknown key %s", (_, changes) => {
    expect(gatewaySchema.safeParse({ ...small, ...changes }).success).toBe(false);
  });
});
