import { readFileSync, statSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DetectorCalibration } from "../../src/cli/calibrate-table.ts";
import { calibrationOf, writeCalibrations } from "../../src/cli/calibrate-write.ts";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { placeThresholds } from "../../src/evaluation/reply-thresholds.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const base = { description: "d", kind: "scripted", options: { at: { prompt: 0 } }, positions: "both", threshold: 0.5 };
const calibration = { status: "uncalibrated", note: "n" };
const live = writeLiveConfig({
  detectors: {
    fine: { ...base, aggregate: { type: "max" }, calibration },
    early: { ...base, aggregate: { type: "mean", window: 2, start: 0.4 }, calibration },
  },
  policies: {},
});
const file = (id: string) => join(live.folder, "detectors", `${id}.yaml`);
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

const scores = Array.from({ length: 100 }, (_, index) => index / 1000);
const resultOf = (id: string): DetectorCalibration => {
  const detector = command.detectors.find((each) => each.id === id);
  if (!detector) throw new Error(id);
  const thresholds = placeThresholds(scores, { claim: 0.05, flagRate: 0.1 });
  return {
    detector,
    claim: 0.05,
    duplicates: 0,
    live: scores,
    thresholds,
    comparison: null,
    recall: null,
    onset: null,
  };
};
const FILES = { ordinary: { files: [{ file: "/data/o.jsonl", sha256: "c".repeat(64), rows: 100 }] }, replyTokens: 24 };

describe("writeCalibrations", () => {
  it("changes no file when one of the new texts would not load", async () => {
    const before = [readFileSync(file("fine")), readFileSync(file("early"))];
    const problems = await problemsOf(() => writeCalibrations(command, [resultOf("fine"), resultOf("early")], FILES));
    expect(problems[0]).toContain("the start value 0.4 reaches the threshold 0.08");
    expect([readFileSync(file("fine")), readFileSync(file("early"))]).toEqual(before);
  });

  it("replaces a file as a whole and keeps its mode", async () => {
    chmodSync(file("fine"), 0o640);
    expect(await writeCalibrations(command, [resultOf("fine")], FILES)).toEqual([`written: ${file("fine")}`]);
    expect(statSync(file("fine")).mode & 0o777).toBe(0o640);
    expect(readFileSync(file("fine"), "utf8")).toContain(
      '"o.jsonl (100 distinct ordinary replies of at most 24 tokens',
    );
  });
});

describe("calibrationOf", () => {
  it("says what was claimed, seen and bound, and no folder", () => {
    expect(calibrationOf(command, resultOf("fine"), FILES)).toEqual({
      status: "calibrated",
      data: `o.jsonl (100 distinct ordinary replies of at most 24 tokens, sha256 ${"c".repeat(64)})`,
      false_alarm_rate: 0.05,
      alarms: 1,
      replies: 100,
      upper_bound: 0.04656,
      percentiles: { "50": 0.0495, "90": 0.0891, "99": 0.09801, "99.9": 0.0989 },
      model_sha256: command.model.facts.sha256,
      precision: "fast",
      format_version: command.model.facts.formatVersion,
      chat_template_sha256: command.model.chatTemplateSha256,
      background_sha256: null,
      lens: "none",
      lens_sha256: null,
    });
  });
});
