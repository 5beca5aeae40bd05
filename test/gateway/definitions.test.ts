import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { defineWith, listChanges } from "../../src/gateway/definitions.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const WORD = loadedDetector("word");
const IDLE = loadedDetector("idle");

function define(fields: object = {}, detectors = [WORD, IDLE]) {
  const written = writeLiveConfig({
    detectors: { word: { at: { prompt: 0 } }, idle: { at: { prompt: 0 } } },
    policies: { demo: { detectors: { word: { action: "abort" } } } },
    fields,
  });
  const config = loadConfig({ path: written.path, environment: {} });
  written.remove();
  return defineWith({ ...config, detectorsFolder: "/d" }, detectors);
}
const policies = { open: { mode: "monitor", hold_tokens: 0, detectors: {} } };

test("the hash is of what the files say, wherever they lie and on whatever ports", () => {
  const { hash } = define();
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(define({ api: { port: 1 }, state_dir: "/elsewhere" }).hash).toBe(hash);
  expect(define({ queue: { redis: { url: "redis://:secret@127.0.0.1:6379" } } }).hash).toBe(hash);
  const others = [
    define({ keys: [{ id: "one", sha256: "ab".repeat(32) }] }),
    define({ timeouts: { drain_ms: 1 } }),
    define({}, [WORD, { ...IDLE, description: "other words" }]),
    define({}, [WORD]),
  ].map((definitions) => definitions.hash);
  expect(new Set([hash, ...others]).size).toBe(5);
});

test("an engine goes on unless a detector that some policy runs judges otherwise", () => {
  const { engineHash } = define();
  const same = [
    define({ keys: [{ id: "one", sha256: "ab".repeat(32) }] }),
    define({ policies: { ...policies, demo: { detectors: { word: { action: "flag" } } } } }),
    define({}, [
      { ...WORD, description: "other words" },
      { ...IDLE, threshold: 9 },
    ]),
  ];
  expect(same.map((definitions) => definitions.engineHash)).toEqual(same.map(() => engineHash));
  const other = [
    define({}, [{ ...WORD, threshold: 9 }, IDLE]),
    define({}, [{ ...WORD, calibration: { status: "uncalibrated", note: "other" } }, IDLE]),
    define({ policies: { ...policies, demo: { detectors: { word: { action: "abort" }, idle: { action: "flag" } } } } }),
    define({ timeouts: { retry_after_ms: 1 } }),
    define({ timeouts: { detector_stuck_ms: 2000 } }),
  ];
  for (const definitions of other) expect(definitions.engineHash).not.toBe(engineHash);
});

test("changes are named: fields, policies and detectors, whether they are new, other or gone", () => {
  const before = define();
  expect(listChanges(before, define())).toEqual([]);
  const after = define(
    {
      keys: [{ id: "one", sha256: "ab".repeat(32) }],
      policies: { ...policies, other: { detectors: { word: { action: "flag" } } } },
    },
    [{ ...WORD, threshold: 2 }, loadedDetector("fresh")],
  );
  expect(listChanges(before, after)).toEqual([
    "keys",
    "policies.demo",
    "policies.other",
    "detectors/fresh",
    "detectors/idle",
    "detectors/word",
  ]);
});

test("cases that give other canaries are a change of canaries, and the engine goes on", () => {
  const { config, detectors } = define();
  const text = { input: { type: "prompt", text: "Tides" }, maxTokens: 0 } as const;
  const canary = { detector: "word", name: "tides", text, expect: "fires" } as const;
  const [before, after] = [defineWith(config, detectors), defineWith(config, detectors, [canary])];
  expect(listChanges(before, after)).toEqual(["canaries"]);
  expect(listChanges(before, define({ canaries: { every_minutes: 1 } }))).toEqual(["canaries"]);
  expect(after.hash).not.toBe(before.hash);
  expect(after.engineHash).toBe(before.engineHash);
});
