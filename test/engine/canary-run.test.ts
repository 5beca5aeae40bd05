import { expect, test } from "vitest";
import { canaryPolicy, runCanary } from "../../src/engine/canary-run.ts";
import type { Canary } from "../../src/detect/canary.ts";
import type { EndReason, Run } from "../../src/engine/engine.ts";
import { GatewayError } from "../../src/errors.ts";
import { runEnd, scriptedRun } from "../trace/scripted-run.ts";

const canary: Canary = {
  detector: "sea",
  name: "waves",
  text: { input: { type: "prompt", text: "waves" }, maxTokens: 0 },
  expect: "fires",
};
const score = (changes: object = {}) => ({
  detector: "sea",
  hash: "ab",
  score: 1.25,
  position: 3,
  tap: null,
  fired: true,
  error: null,
  ...changes,
});

/** What a canary gives on an engine that answers so. */
async function outcomeOf(read: () => Run, changes: Partial<Canary> = {}) {
  const encode = () => ({ ids: new Int32Array(2), judgedAll: new Uint8Array(2), judgedNew: new Uint8Array(2) });
  const parts = {
    engine: { read, generate: read },
    prompts: { encodeChat: encode, encodeText: encode },
    policy: canaryPolicy({}),
  };
  return runCanary(parts, { ...canary, ...changes }, "canary_1");
}

const ends =
  (reason: EndReason, scores = [score()]) =>
  () =>
    scriptedRun([runEnd(reason, { scores })]);
const refuses = (error: Error) => () => {
  throw error;
};

test("a canary holds when its detector says what it must", async () => {
  expect(await outcomeOf(ends("length"))).toEqual({ outcome: "held" });
  const quiet = ends("stop", [score({ fired: false, score: -1 })]);
  expect(await outcomeOf(quiet, { expect: "clear" })).toEqual({ outcome: "held" });
});

test("a canary fails when its detector says something else, breaks or is not asked", async () => {
  expect(await outcomeOf(ends("length"), { expect: "clear" })).toEqual({
    outcome: "failed",
    found: "fired, largest score 1.250",
  });
  const cases = [
    [[score({ fired: false, score: 0 })], "clear, largest score 0.000"],
    [[score({ error: "threw: broken" })], "threw: broken"],
    [[score({ score: null, fired: false })], "no position was judged"],
    [[score({ detector: "other" })], "no position was judged"],
  ] as const;
  for (const [scores, found] of cases)
    expect(await outcomeOf(ends("length", [...scores]))).toEqual({ outcome: "failed", found });
  expect(await outcomeOf(refuses(new Error("token 9 is not in the vocabulary")))).toEqual({
    outcome: "failed",
    found: "it could not be run: token 9 is not in the vocabulary",
  });
});

test("an engine without room, or one that goes away, says nothing about a detector", async () => {
  for (const code of ["overloaded", "oversight_unavailable"] as const)
    expect(await outcomeOf(refuses(new GatewayError(code)))).toEqual({ outcome: "not_run", why: code });
  for (const reason of ["deadline", "failed", "cancelled"] as const)
    expect(await outcomeOf(ends(reason))).toEqual({ outcome: "not_run", why: reason });
});

test("the policy of canaries observes with every detector that some policy runs, and can be in no configuration", () => {
  const rule = { action: "abort", onError: "closed" } as const;
  const base = { mode: "enforce", holdTokens: 1, onAbort: "finish", promptScope: "new" } as const;
  const policy = canaryPolicy({
    one: { ...base, name: "one", detectors: { sea: { ...rule, confirmWith: "ships" } } },
    two: { ...base, name: "two", detectors: { sky: rule, sea: rule } },
  });
  const observed = { action: "observe", onError: "open" };
  expect(policy).toMatchObject({ mode: "monitor", detectors: { sea: observed, ships: observed, sky: observed } });
  expect(Object.keys(policy.detectors)).toHaveLength(3);
  expect(policy.name).not.toMatch(/^[a-z0-9][a-z0-9-]*$/);
});
