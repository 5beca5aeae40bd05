import { expect, test } from "vitest";
import { findPrivacyFaults, privacySchema, retentionSchema, toPrivacy } from "../../src/config/privacy-config.ts";

const faultsOf = (pattern: string, flags = "") =>
  findPrivacyFaults(privacySchema.parse({ redact: [{ name: "x", pattern, flags }] }));

test("without a word about it, everything is stored as it is and kept", () => {
  expect(toPrivacy({ privacy: privacySchema.parse({}), retention: retentionSchema.parse({}) })).toEqual({
    privacy: { redact: [], dropRoles: [] },
    retention: {},
  });
});

test("days become milliseconds, and every field arrives", () => {
  const privacy = privacySchema.parse({
    redact: [{ name: "e-mail", pattern: "@", flags: "i" }],
    drop_roles: ["system"],
  });
  const retention = retentionSchema.parse({ traces_days: 30, traces_max: 1000, scores_days: 0.5 });
  expect(toPrivacy({ privacy, retention })).toEqual({
    privacy: { redact: [{ name: "e-mail", source: "@", flags: "i" }], dropRoles: ["system"] },
    retention: { tracesMs: 2_592_000_000, tracesMax: 1000, scoresMs: 43_200_000 },
  });
});

test.each([
  ["is no expression", "(", /Invalid regular expression/],
  ["matches everything", "a*", /matches the empty text/],
  ["backtracks without end", "(a+)+$", /takes too long/],
])("a pattern that %s is refused with the place", (_what, pattern, message) => {
  const [fault] = faultsOf(pattern);
  expect(fault?.message).toMatch(message);
  expect(fault?.path).toEqual(["privacy", "redact", 0, "pattern"]);
});

test("a sound pattern, known roles and plain names alone are taken", () => {
  expect(faultsOf(String.raw`\d{4}`)).toEqual([]);
  expect(privacySchema.safeParse({ drop_roles: ["tool"] }).success).toBe(false);
  expect(privacySchema.safeParse({ redact: [{ name: "a\nb", pattern: "x" }] }).success).toBe(false);
  expect(privacySchema.safeParse({ redact: [{ name: "a", pattern: "x", flags: "g" }] }).success).toBe(false);
});
