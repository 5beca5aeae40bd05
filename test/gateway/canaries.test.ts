import { describe, expect, it, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { describeCanaries, listCanaries } from "../../src/gateway/canaries.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { startWatched } from "../support/blind-gateway.ts";
import { openLiveFiles } from "../support/live-files.ts";
import { startLive } from "../support/live-gateway.ts";
import { until } from "../support/wire-reply.ts";
import { atRoot } from "../support/documents.ts";
import { temporaryFolder, writeFolder } from "../support/folder.ts";

const CASES = `
cases:
  - { name: waves, prompt: Waves, max_tokens: 0, expect: { fires: true, margin: 0 } }
  - { name: sums, prompt: Two and two, max_tokens: 0, expect: { fires: false, margin: 0 } }
`;
const rule = { action: "observe", onError: "closed" } as const;
const policy = (...ids: string[]) => ({
  name: "one",
  mode: "enforce" as const,
  holdTokens: 1,
  onAbort: "finish" as const,
  promptScope: "new" as const,
  detectors: Object.fromEntries(ids.map((id) => [id, rule])),
});

describe("the canaries of a configuration", () => {
  const parts = (files: Record<string, string>, canaries: object = {}) => ({
    detectorsFolder: writeFolder(files),
    policies: { one: policy("sea", "sky") },
    canaries: { everyMs: 60_000, fromCases: true, prompts: [], ...canaries },
  });
  const own = {
    detector: "sea",
    name: "canaries.prompts[0]",
    text: { input: { type: "prompt", text: "Tides" }, maxTokens: 0 },
    expect: "fires",
  } as const;

  it("are cases of the detectors that run, and then its own prompts", () => {
    const files = { "sea.test.yaml": CASES, "unused.test.yaml": CASES };
    const names = listCanaries(parts(files, { prompts: [own] })).map(({ detector, name }) => `${detector} ${name}`);
    expect(names).toEqual(["sea waves", "sea sums", "sea canaries.prompts[0]"]);
    expect(describeCanaries(parts(files))).toEqual([
      "canaries: 2 every 1 min",
      "  without one, so that nothing tells when they go blind: sky",
    ]);
  });

  it("are its own prompts alone, or none, where it says so", () => {
    const files = { "sea.test.yaml": CASES };
    expect(listCanaries(parts(files, { fromCases: false, prompts: [own] }))).toEqual([own]);
    expect(listCanaries(parts(files, { everyMs: 0, prompts: [own] }))).toEqual([]);
    expect(describeCanaries(parts(files, { everyMs: 0 }))).toEqual(["canaries: off"]);
  });

  it("are refused with every problem when cases do not parse", () => {
    const files = { "sea.test.yaml": "cases: []", "sky.test.yaml": "case: 1" };
    expect(() => listCanaries(parts(files))).toThrow(/sea\.test\.yaml[^]*sky\.test\.yaml/);
  });

  it("are at hand for every detector that the shipped policies run", () => {
    const config = loadConfig({ path: atRoot("gateway.yaml"), environment: {} });
    expect(describeCanaries(config)).toEqual(["canaries: 12 every 15 min"]);
  });
});

const CANARY = 'oversight_canary_success{detector="harm-intent"}';

test("a detector whose weights were lost is found by the first round", async () => {
  const blind = await startWatched(temporaryFolder(), true);
  await blind.canariesRan();
  expect(await blind.series(CANARY)).toBe(0);
  expect(blind.lines.join("\n")).toMatch(/error a canary failed .*"expected":"fires"/);
  await blind.gateway.stop();
});

test("a detector that sees passes, and its canaries are no traffic", async () => {
  const state = temporaryFolder();
  const sound = await startWatched(state, false);
  await sound.canariesRan();
  expect(await sound.series(CANARY)).toBe(1);
  for (const name of ["oversight_runs_total", "oversight_generated_tokens_total", "oversight_score_count"])
    expect(await sound.series(name), name).toBe(0);
  const database = openDatabase({ folder: state });
  expect(await createScoreLog(database).count()).toBe(0);
  database.close();
  await sound.gateway.stop();
});

test("after a reload the next round asks what serves now, and a detector that is gone has no series", async () => {
  const flagged = (...ids: string[]) => ({
    detectors: Object.fromEntries(ids.map((id) => [id, { action: "flag" }])),
  });
  const asked = (detector: string, expect: string) => ({ detector, chat: "Tell me about a dog.", expect });
  const open = { mode: "monitor", hold_tokens: 0, detectors: {} };
  const live = await startLive({
    detectors: { dog: { at: { text: " dog" } }, cat: { at: { text: " cat" } } },
    policies: { guard: flagged("dog", "cat") },
    fields: {
      engine: { threads: 1 },
      reload: { poll_ms: 0 },
      canaries: { prompts: [asked("dog", "fires"), asked("cat", "fires")] },
    },
  });
  onTestFinished(() => live.stop());
  const files = openLiveFiles(live.folder);
  const success = (detector: string) =>
    live.metric(`oversight_canary_success{detector="${detector}"}`).catch(() => "gone");
  await until(async () => (await success("dog")) === 1 && (await success("cat")) === 0, 60_000);

  files.setDetector("fresh", { at: { text: " dog" } });
  files.removeDetector("cat");
  files.setFields({
    policies: { open, guard: flagged("dog", "fresh") },
    canaries: { prompts: [asked("dog", "fires"), asked("fresh", "fires")] },
  });
  expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new" });
  expect(await success("cat")).toBe("gone");
  await until(async () => (await success("fresh")) === 1, 60_000);
  expect([await success("dog"), await success("cat")]).toEqual([1, "gone"]);

  // The engine of before would still say that it fires.
  files.setDetector("dog", { at: { text: " horse" } });
  expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new", changed: ["detectors/dog"] });
  await until(async () => (await success("dog")) === 0, 60_000);
  expect([await success("fresh"), await success("cat")]).toEqual([1, "gone"]);
});
