import { expect, it } from "vitest";
import { formatClaim, formatThresholds } from "../../src/cli/threshold-text.ts";
import type { Calibration } from "../../src/detect/calibration.ts";

const calibrated: Calibration = {
  status: "calibrated",
  data: "d",
  false_alarm_rate: 0.001,
  model_sha256: "a".repeat(64),
  precision: "fast",
  format_version: 1,
  chat_template_sha256: null,
  background_sha256: null,
  lens: "none",
};

it("names one threshold, or both", () => {
  expect(formatThresholds({ threshold: 1, abortThreshold: 1 })).toBe("threshold 1");
  expect(formatThresholds({ threshold: -1, abortThreshold: 2.5 })).toBe("flag -1, abort 2.5");
});

it("says what a calibration claims and what was seen, as far as it says so", () => {
  expect(formatClaim({ status: "uncalibrated", note: "n" })).toBe("uncalibrated");
  expect(formatClaim(calibrated)).toBe("calibrated, false alarms 0.001");
  expect(formatClaim({ ...calibrated, alarms: 0, replies: 2995, upper_bound: 0.001 })).toBe(
    "calibrated, false alarms 0.001 (0 of 2995 replies, at most 0.001)",
  );
});
