import { expect, test } from "vitest";
import { choosePolicy, releaseModeOf } from "../../src/http/policy-choice.ts";
import { POLICIES } from "./scripted-api.ts";

const detectors = [
  { id: "country-channel", positions: "both" },
  { id: "audit-approval", positions: "both" },
] as const;
const parts = { policies: POLICIES, defaultPolicy: "default", detectors };
const key = { id: "k", sha256: "00", mayTighten: true };

test("a request runs under the key's policy, or the default", () => {
  expect(choosePolicy(parts, undefined, undefined).name).toBe("default");
  expect(choosePolicy(parts, key, undefined).name).toBe("default");
  expect(choosePolicy(parts, { ...key, policy: "demo" }, undefined).name).toBe("demo");
});

test("it may name a stricter one", () => {
  expect(choosePolicy(parts, undefined, "demo").name).toBe("demo");
  expect(choosePolicy(parts, { ...key, policy: "demo" }, "strict").name).toBe("strict");
});

test("it may not name a looser one", () => {
  expect(() => choosePolicy(parts, undefined, "monitor")).toThrow(
    expect.objectContaining({ code: "policy_not_allowed" }),
  );
  expect(() => choosePolicy(parts, { ...key, policy: "demo" }, "default")).toThrow(
    expect.objectContaining({ code: "policy_not_allowed" }),
  );
});

test("a key that may not tighten may name only its own", () => {
  const bound = { ...key, mayTighten: false };
  expect(choosePolicy(parts, bound, "default").name).toBe("default");
  expect(() => choosePolicy(parts, bound, "demo")).toThrow(expect.objectContaining({ code: "policy_not_allowed" }));
  expect(() => choosePolicy(parts, bound, "nope")).toThrow(expect.objectContaining({ code: "policy_not_allowed" }));
});

test.each(["nope", "", "constructor", "__proto__"])("the name %s is unknown", (name) => {
  expect(() => choosePolicy(parts, undefined, name)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});

test("a base that does not exist never runs", () => {
  expect(() => choosePolicy({ ...parts, defaultPolicy: "gone" }, undefined, undefined)).toThrow(
    expect.objectContaining({ code: "internal_error" }),
  );
});

test.each([
  ["enforce", 0, "gate"],
  ["enforce", 1, "gate"],
  ["enforce", 2, "window"],
  ["monitor", 1, "observe"],
] as const)("mode %s with hold %i releases as %s", (mode, holdTokens, expected) => {
  const { default: base } = POLICIES;
  expect(base && releaseModeOf({ ...base, mode, holdTokens })).toBe(expected);
});
