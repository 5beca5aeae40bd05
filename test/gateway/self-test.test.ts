import { expect, test } from "vitest";
import type { Policy } from "../../src/decide/policy.ts";
import type { DetectorScore } from "../../src/detect/finding.ts";
import type { RunEnd } from "../../src/engine/engine.ts";
import { testEngine } from "../../src/gateway/self-test.ts";
import type { Definitions } from "../../src/gateway/definitions.ts";
import { policyOf } from "../support/engine-parts.ts";
import { loadedDetector } from "../support/scripted-kind.ts";
import { TINY_PROMPTS } from "../support/tiny-reader.ts";
import { runEnd, scriptedRun } from "../trace/scripted-run.ts";
import { fakeEngine } from "./fake-engine.ts";

const rules = { detectors: { word: { action: "abort", confirmWith: "dear" } } } as const;
const combine = { both: { of: ["word"], rule: "any", withinTokens: 4, threshold: 1, action: "abort" } } as const;
const POLICIES = {
  plain: policyOf({ name: "plain", ...rules }),
  joint: policyOf({ name: "joint", detectors: { word: {}, other: {} }, combine }),
};

const scoreOf = (detector: string, error: string | null = null): DetectorScore => ({
  detector,
  hash: "",
  score: 0,
  position: 1,
  tap: null,
  fired: false,
  error,
});

function run(endOf: (policy: Policy) => RunEnd, stuck: readonly string[] = []) {
  const status = () => ({ state: "ready" as const, slots: 1, running: 0, waiting: 0, restarts: 0, stuck });
  const engine = fakeEngine({ read: ({ policy }) => scriptedRun([endOf(policy)]), status });
  const detectors = ["word", "dear", "other"].map((id) => loadedDetector(id));
  const config = {
    policies: POLICIES,
    detectorsFolder: "/d",
    file: "/c/gateway.yaml",
  } as unknown as Definitions["config"];
  const model = { prompts: TINY_PROMPTS } as unknown as Parameters<typeof testEngine>[2];
  return { engine, problems: testEngine(engine, { config, detectors }, model) };
}

test("every detector that a policy runs judges a sentence, those that only confirm among them, and combinations too", async () => {
  const { engine, problems } = run(() => runEnd("stop", { scores: [scoreOf("word")] }));
  expect(await problems).toEqual([]);
  expect(
    engine.reads.map(({ policy }) => [policy.name, Object.keys(policy.detectors), Object.keys(policy.combine ?? {})]),
  ).toEqual([
    ["every detector", ["word", "dear", "other"], []],
    ["joint", ["word", "other"], ["both"]],
  ]);
  for (const { policy } of engine.reads)
    expect(
      Object.values(policy.detectors).every(({ action, onError }) => action === "observe" && onError === "open"),
    ).toBe(true);
});

test("one that breaks is named with its file, once", async () => {
  const { problems } = run(() => runEnd("stop", { scores: [scoreOf("word", "not_finite: NaN"), scoreOf("dear")] }));
  expect(await problems).toEqual([
    {
      file: "/d/word.yaml",
      message: "word breaks on an ordinary sentence: not_finite: NaN",
      cure: "correct its definition, or take it out of the policies",
    },
  ]);
});

test("a combination that breaks and a read that does not end are problems of the configuration", async () => {
  const { problems } = run(({ name }) =>
    name === "joint" ? runEnd("stop", { scores: [scoreOf("both", "threw")] }) : runEnd("failed", { scores: [] }),
  );
  expect((await problems).map(({ file, message }) => `${file} ${message}`)).toEqual([
    expect.stringMatching(/^\/c\/gateway\.yaml every detector breaks on an ordinary sentence: it could not be read/),
    "/c/gateway.yaml both breaks on an ordinary sentence: threw",
  ]);
});

test("one that never comes back is named, and nothing is asked of the engine after it", async () => {
  const rule = "detector dear did not come back from score within 10000 ms";
  const end = runEnd("failed", { scores: [], decision: { action: "unavailable", rule } });
  const { engine, problems } = run(() => end, ["dear"]);
  expect(await problems).toEqual([
    {
      file: "/d/dear.yaml",
      message: `dear breaks on an ordinary sentence: stuck: ${rule}`,
      cure: "correct its definition, or take it out of the policies",
    },
  ]);
  expect(engine.reads).toHaveLength(1);
});
