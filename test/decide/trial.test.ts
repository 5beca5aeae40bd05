import { expect, it } from "vitest";
import { loosenPolicy } from "../../src/decide/override.ts";
import type { Policy } from "../../src/decide/policy.ts";
import { tryFinding, type TrialQuestion } from "../../src/decide/trial.ts";

const policy: Policy = {
  name: "one",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: {
    sea: { action: "abort", onError: "closed", confirmWith: "ships" },
    sky: { action: "flag", onError: "open", positions: "generation" },
  },
  combine: { both: { of: ["sea", "sky"], rule: "weighted", withinTokens: 16, threshold: 5, action: "abort" } },
};
const facts = { threshold: 1, abortThreshold: 2, positions: "both" } as const;
const ask = (name: string, said: TrialQuestion["said"], phase: TrialQuestion["phase"] = "generation") =>
  tryFinding(policy, { name, said, phase }, name === "both" ? undefined : facts);

it("answers as the gateway decides: below, at the threshold for flags, at that for aborts", () => {
  expect(ask("sea", 0.9)).toMatchObject({ finding: "clear", decision: { action: "continue" } });
  expect(ask("sea", 1)).toMatchObject({
    finding: "flag",
    action: "flag",
    decision: { rule: "one.sea: abort, at flag" },
  });
  expect(ask("sea", 2)).toMatchObject({ finding: "abort", action: "abort", decision: { rule: "one.sea: abort" } });
});

it("says what a detector that breaks leads to", () => {
  expect(ask("sea", "error")).toMatchObject({ finding: "error", decision: { action: "unavailable" } });
  expect(ask("sea", "error")).not.toHaveProperty("action");
  expect(ask("sky", "error")).toMatchObject({ finding: "error", action: "bypassed" });
});

it("says where nothing is judged", () => {
  expect(ask("sky", 9, "prompt")).toMatchObject({ finding: "not_judged", decision: { action: "continue" } });
  expect(ask("elsewhere", 9)).toMatchObject({ finding: "no_rule" });
});

it("asks a combination by its own threshold", () => {
  expect(ask("both", 4)).toMatchObject({ finding: "clear" });
  expect(ask("both", 5)).toMatchObject({ finding: "abort", action: "abort" });
});

it("names what it leaves out: confirmation, and combinations that judge besides", () => {
  expect(ask("sea", 2).notes).toEqual([
    "a firing counts only where ships confirms it",
    "it is also a member of both, which judges by itself",
  ]);
});

it("answers under overrides, too", () => {
  const loose = loosenPolicy(policy, [{ detector: "sea", mode: "monitor" }]);
  expect(tryFinding(loose, { name: "sea", said: 2, phase: "generation" }, facts)).toMatchObject({
    action: "would_abort",
  });
});
