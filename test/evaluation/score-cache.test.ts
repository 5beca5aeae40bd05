import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { LiveBinding } from "../../src/detect/calibration.ts";
import { openScoreCache, scoreKey } from "../../src/evaluation/score-cache.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const folder = mkdtempSync(join(tmpdir(), "lensgate-scores-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BINDING: LiveBinding = {
  modelSha256: "a".repeat(64),
  precision: "fast",
  formatVersion: 1,
  chatTemplateSha256: null,
  backgroundSha256: null,
  lensSha256: { logit: null, centred: null, tuned: null },
};
const PATH = { path: "live", replyTokens: 32, contextTokens: 2048 } as const;

describe("openScoreCache", () => {
  it("gives back what was kept, and goes on behind a line that was cut short", () => {
    const cache = openScoreCache(folder, "key");
    expect(cache.get("one")).toBeUndefined();
    cache.add("one", -1.5);
    cache.add("two", null);
    expect(cache.get("one")).toBe(-1.5);
    cache.close();
    appendFileSync(join(folder, "key.jsonl"), '{"row":"three","sco');
    const again = openScoreCache(folder, "key");
    expect([again.get("one"), again.get("two"), again.get("three")]).toEqual([-1.5, null, undefined]);
    again.add("three", 2);
    again.close();
    expect(openScoreCache(folder, "key").get("three")).toBe(2);
    expect(readFileSync(join(folder, "key.jsonl"), "utf8").split("\n")).toContain('{"row":"three","score":2}');
  });
});

describe("scoreKey", () => {
  const key = (changes: Parameters<typeof loadedDetector>[1], path: Parameters<typeof scoreKey>[2] = PATH) =>
    scoreKey(loadedDetector("d", changes), BINDING, path);

  it("stays where only thresholds, words and calibration change", () => {
    const changes = { threshold: 3, abortThreshold: 4, hash: "f".repeat(16), description: "other", calibrated: true };
    expect(key(changes)).toBe(key({}));
  });

  it("changes with what a detector does, the path, the length of replies and the model", () => {
    const keys = [
      key({}),
      key({ aggregate: { type: "max" } }),
      key({ positions: "prompt" }),
      key({ resolved: { words: ["a"] } }),
      key({}, { ...PATH, path: "scan" }),
      key({}, { ...PATH, replyTokens: 16 }),
      key({}, { ...PATH, contextTokens: 128 }),
      scoreKey(loadedDetector("d"), { ...BINDING, precision: "exact" }, PATH),
      scoreKey(loadedDetector("d"), { ...BINDING, modelSha256: "b".repeat(64) }, PATH),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
