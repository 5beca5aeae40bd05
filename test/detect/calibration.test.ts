import { describe, expect, it } from "vitest";
import { compareBinding, type Binding, type Calibration } from "../../src/detect/calibration.ts";

const live: Binding = {
  modelSha256: "a".repeat(64),
  precision: "fast",
  formatVersion: 3,
  chatTemplateSha256: "b".repeat(64),
  backgroundSha256: null,
  lens: "logit",
};
const calibrated: Calibration = {
  status: "calibrated",
  data: "everyday prompts",
  false_alarm_rate: 0.01,
  model_sha256: "a".repeat(64),
  precision: "fast",
  format_version: 3,
  chat_template_sha256: "b".repeat(64),
  background_sha256: null,
  lens: "logit",
};

describe("compareBinding", () => {
  it("finds nothing where everything is as it was calibrated", () => {
    expect(compareBinding(calibrated, live)).toEqual([]);
  });

  it.each<[string, Partial<Binding>]>([
    ["model_sha256", { modelSha256: "d".repeat(64) }],
    ["precision", { precision: "exact" }],
    ["format_version", { formatVersion: 4 }],
    ["chat_template_sha256", { chatTemplateSha256: null }],
    ["background_sha256", { backgroundSha256: "e".repeat(64) }],
    ["lens", { lens: "tuned" }],
  ])("names %s when it differs", (key, change) => {
    expect(compareBinding(calibrated, { ...live, ...change }).map((mismatch) => mismatch.key)).toEqual([key]);
  });

  it("asks nothing of an uncalibrated definition", () => {
    expect(compareBinding({ status: "uncalibrated", note: "a guess" }, { ...live, precision: "exact" })).toEqual([]);
  });
});
