import { describe, expect, it } from "vitest";
import {
  bindingFields,
  bindingFor,
  calibrationSchema,
  compareBinding,
  type Binding,
  type Calibration,
  type LiveBinding,
} from "../../src/detect/calibration.ts";
import type { ConceptRead, LensName, ProbeRead, Yardstick } from "../../src/lens/reading.ts";

const live: Binding = {
  modelSha256: "a".repeat(64),
  precision: "fast",
  formatVersion: 3,
  chatTemplateSha256: "b".repeat(64),
  backgroundSha256: null,
  lens: "logit",
  lensSha256: null,
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
    ["lens_sha256", { lensSha256: "f".repeat(64) }],
  ])("names %s when it differs", (key, change) => {
    expect(compareBinding(calibrated, { ...live, ...change }).map((mismatch) => mismatch.key)).toEqual([key]);
  });

  it("names both values, and what is not used", () => {
    const [mismatch] = compareBinding({ ...calibrated, precision: "exact" }, live);
    expect(mismatch?.message).toBe("calibrated for exact, but fast is loaded");
    const [unused] = compareBinding({ ...calibrated, background_sha256: "c".repeat(64) }, live);
    expect(unused?.message).toBe(`calibrated for ${"c".repeat(64)}, but this detector uses none`);
  });

  it("takes a lens without a hash for one that was written as null", () => {
    expect(compareBinding({ ...calibrated, lens_sha256: null }, live)).toEqual([]);
    const tuned = { ...calibrated, lens: "tuned", lens_sha256: "f".repeat(64) } as const;
    expect(compareBinding(tuned, { ...live, lens: "tuned", lensSha256: "f".repeat(64) })).toEqual([]);
  });

  it("asks nothing of an uncalibrated definition", () => {
    expect(compareBinding({ status: "uncalibrated", note: "a guess" }, { ...live, precision: "exact" })).toEqual([]);
  });
});

describe("bindingFor", () => {
  const loaded: LiveBinding = {
    modelSha256: "a".repeat(64),
    precision: "fast",
    formatVersion: 3,
    chatTemplateSha256: null,
    backgroundSha256: "c".repeat(64),
    lensSha256: { logit: null, centred: "d".repeat(64), tuned: "e".repeat(64) },
  };
  const concept = (lens?: LensName, yardstick: Yardstick = "exact"): ConceptRead => ({
    tap: { layer: 1, point: "mlp_out" },
    tokens: [1],
    yardstick,
    ...(lens === undefined ? {} : { lens }),
  });
  const probe: ProbeRead = { taps: [{ layer: 1, point: "mlp_out" }], directions: new Float32Array(2), bias: 0 };

  it.each([
    ["nothing", [], "none", null, null],
    ["a probe", [probe], "none", null, null],
    ["the logit lens", [concept(), concept("logit")], "logit", null, null],
    ["the background", [concept(), concept("logit", "background")], "logit", null, "c"],
    ["means", [concept("centred")], "centred", "d", null],
    ["several lenses", [concept("tuned"), concept(), probe, concept("centred")], "logit+centred+tuned", "d+e", null],
  ] as const)("binds a detector that reads %s to no more than that", (_, reads, lens, hashes, background) => {
    const long = (text: string | null) =>
      text &&
      text
        .split("+")
        .map((each) => each.repeat(64))
        .join("+");
    const binding = bindingFor(reads, loaded);
    expect([binding.lens, binding.lensSha256, binding.backgroundSha256]).toEqual([
      lens,
      long(hashes),
      long(background),
    ]);
    expect(binding).toMatchObject({ modelSha256: "a".repeat(64), precision: "fast", chatTemplateSha256: null });
  });

  it("writes fields that hold for itself", () => {
    const binding = bindingFor([concept("tuned", "background"), concept("centred")], loaded);
    const written = { status: "calibrated", data: "d", false_alarm_rate: 0, ...bindingFields(binding) };
    expect(compareBinding(calibrationSchema.parse(written), binding)).toEqual([]);
  });
});

describe("calibrationSchema", () => {
  const full = {
    ...calibrated,
    alarms: 0,
    replies: 2995,
    upper_bound: 0.001,
    hold_tokens: 4,
    percentiles: { "50": -3, "90": -1, "99": 0, "99.9": 2.5 },
    likelihood: { scores: [-1, 0, 2], log_ratios: [-3, 0.5, 4] },
    lens_sha256: null,
  };

  it("takes what a calibration may carry", () => {
    expect(calibrationSchema.parse(full)).toEqual(full);
  });

  it.each<[string, object]>([
    ["more alarms than replies", { alarms: 3000 }],
    ["half an alarm", { alarms: 0.5 }],
    ["no reply", { alarms: 0, replies: 0 }],
    ["a bound over 1", { upper_bound: 1.1 }],
    ["a hold that no policy has", { hold_tokens: 257 }],
    ["a percentile too few", { percentiles: { "50": 1, "90": 2, "99": 3 } }],
    ["a percentile that nobody asked for", { percentiles: { ...full.percentiles, "75": 0 } }],
    ["percentiles that fall", { percentiles: { ...full.percentiles, "99": 3 } }],
    ["a percentile that is no number", { percentiles: { ...full.percentiles, "50": Number.NaN } }],
    ["a likelihood of two lengths", { likelihood: { scores: [1, 2], log_ratios: [1] } }],
    ["scores that repeat", { likelihood: { scores: [1, 1], log_ratios: [1, 2] } }],
    ["an empty likelihood", { likelihood: { scores: [], log_ratios: [] } }],
    ["an infinite ratio", { likelihood: { scores: [1], log_ratios: [Infinity] } }],
    ["a hash of the lens that is none", { lens_sha256: "ff" }],
    ["a stranger", { percentile: 3 }],
  ])("refuses %s", (_, change) => {
    expect(calibrationSchema.safeParse({ ...full, ...change }).success).toBe(false);
  });
});
