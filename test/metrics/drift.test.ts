import { expect, test } from "vitest";
import type { Calibration } from "../../src/detect/calibration.ts";
import { createDrift } from "../../src/metrics/drift.ts";
import { drawsFrom } from "../../src/training/random.ts";

/** Percentiles of a score that is spread evenly from 0 to 1. */
const CALIBRATED: Calibration = {
  status: "calibrated",
  data: "even",
  false_alarm_rate: 0.001,
  percentiles: { "50": 0.5, "90": 0.9, "99": 0.99, "99.9": 0.999 },
  model_sha256: "ab".repeat(32),
  precision: "fast",
  format_version: 1,
  chat_template_sha256: null,
  background_sha256: null,
  lens: "none",
};

const sea = { id: "sea", hash: "one", calibration: CALIBRATED };

function setUp() {
  const drift = createDrift();
  const nextInt = drawsFrom(3);
  const saw = (count: number, score: (even: number) => number | null, hash = "one") => {
    for (let reply = 0; reply < count; reply += 1) {
      const of = { detector: "sea", hash, position: 1, tap: null, fired: false, error: null };
      drift.saw([{ ...of, score: score(nextInt(1_000_000) / 1_000_000) }]);
    }
  };
  return { drift, saw, distance: () => drift.distances().get("sea") };
}

test("replies like those of calibration are near, and shifted ones as far as their shares have moved", () => {
  const { drift, saw, distance } = setUp();
  drift.learn([sea]);
  saw(400, (even) => even);
  expect(distance()).toBeLessThan(0.08);
  saw(400, (even) => even + 0.3);
  expect(distance()).toBeCloseTo(0.3, 1);
  saw(400, (even) => even + 2);
  expect(distance()).toBeCloseTo(0.999);
});

test("a detector that has come to score nothing is over the alert's quarter within 220 replies", () => {
  const { drift, saw, distance } = setUp();
  drift.learn([sea]);
  saw(400, (even) => even);
  saw(220, () => 0);
  expect(distance()).toBeGreaterThan(0.25);
});

test("nothing is said below 200 replies, of another definition, without percentiles and of what was never judged", () => {
  const { drift, saw, distance } = setUp();
  expect(drift.distances().size).toBe(0);
  drift.learn([sea]);
  saw(199, () => 5);
  saw(400, () => null);
  saw(400, () => 5, "another");
  expect(distance()).toBeNaN();
  saw(1, () => 5);
  expect(distance()).toBeCloseTo(0.999);
  drift.learn([{ ...sea, calibration: { status: "uncalibrated", note: "a guess" } }]);
  expect(distance()).toBeNaN();
});

test("after a reload the replies of a detector that stayed count on, those of a changed one begin anew", () => {
  const { drift, saw, distance } = setUp();
  drift.learn([sea]);
  saw(200, () => 5);
  drift.learn([sea]);
  expect(distance()).toBeCloseTo(0.999);
  drift.learn([{ ...sea, hash: "two" }]);
  expect(distance()).toBeNaN();
});
