import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { loadDetectors } from "../../src/detect/loader.ts";
import type { Assessment } from "../../src/review/statistics.ts";
import { writeThreshold, type WriterParts } from "../../src/review/threshold-writer.ts";
import { writeFolder } from "../support/folder.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";

const definition = (threshold: string) => `# Why Japan.
description: Japan.
kind: concept
options: { words: [Japan], taps: [80%.attn_out] }
positions: both # prompts, too
aggregate: { type: max }
threshold: ${threshold}
calibration: { status: uncalibrated, note: a guess }
`;

let base: Omit<WriterParts, "folder">;
beforeAll(async () => {
  base = { kinds: await loadKinds(), context: await openVocabulary(), binding: TEST_BINDING };
});

function setUp(threshold = "1") {
  const folder = writeFolder({ "japan.yaml": definition(threshold) });
  const parts: WriterParts = { ...base, folder };
  const hash = loadDetectors(parts)[0]?.hash ?? "";
  const estimate = { point: 0.1, lower: 0, upper: 1 };
  const shares = { alarmsNow: estimate, alarmsThen: estimate, recallNow: null, recallThen: null };
  const named = { detector: "japan", current: 1, proposed: 2, rate: 0.01, verdicts: 12, replies: 1000, caveats: [] };
  const assessment: Assessment = {
    proposal: { ...named, ...shares, falseAlarms: 0.0093 },
    hash,
    scores: Array.from({ length: 1000 }, (_, index) => index / 500),
    verdicts: 12,
    from: Date.parse("2030-01-01"),
    to: Date.parse("2030-01-08"),
  };
  const read = () => readFileSync(join(folder, "japan.yaml"), "utf8");
  return { folder, parts, assessment, read };
}

const change = {
  detector: "japan",
  threshold: 2.5,
  rate: 0.01,
  reviewer: "ada",
  at: Date.parse("2030-01-09T10:00:00Z"),
};

test("a threshold is written with its rate, who and when, and the gateway loads it as calibrated", () => {
  const { folder, parts, assessment, read } = setUp();
  expect(writeThreshold(parts, change, assessment)).toEqual({
    detector: "japan",
    file: expect.stringContaining("japan.yaml"),
    before: 1,
    threshold: 2.5,
  });
  expect(read()).toContain("# Why Japan.");
  expect(read()).toContain("positions: both # prompts, too");
  const [detector] = loadDetectors({ ...parts, folder });
  expect(detector).toMatchObject({ threshold: 2.5, abortThreshold: 2.5, calibrated: true });
  expect(detector?.calibration).toMatchObject({
    data: "1000 replies of the score log of 2030-01-01 to 2030-01-08 with 12 verdicts; written by ada on 2030-01-09T10:00:00.000Z",
    false_alarm_rate: 0.01,
    replies: 1000,
    upper_bound: 0.0093,
    model_sha256: TEST_BINDING.modelSha256,
  });
});

test("a threshold for aborts stays, and rises where the one for flags passes it", () => {
  const high = setUp("{ flag: 1, abort: 9 }");
  writeThreshold(high.parts, change, high.assessment);
  expect(high.read()).toContain("threshold: { flag: 2.5, abort: 9 }");
  const low = setUp("{ flag: 1, abort: 2 }");
  writeThreshold(low.parts, change, low.assessment);
  expect(low.read()).toContain("threshold: { flag: 2.5, abort: 2.5 }");
});

test("what an earlier calibration knows of holds and likelihoods stays", () => {
  const { parts, assessment, read, folder } = setUp();
  writeThreshold(parts, change, assessment);
  const text = read().replace(
    "  percentiles:",
    "  hold_tokens: 3\n  likelihood: { scores: [0, 3], log_ratios: [-1, 2] }\n  percentiles:",
  );
  const again = writeFolder({ "japan.yaml": text });
  const hash = loadDetectors({ ...parts, folder: again })[0]?.hash ?? "";
  writeThreshold({ ...parts, folder: again }, { ...change, threshold: 3 }, { ...assessment, hash });
  const [detector] = loadDetectors({ ...parts, folder: again });
  expect(detector?.calibration).toMatchObject({
    hold_tokens: 3,
    likelihood: { scores: [0, 3], log_ratios: [-1, 2] },
  });
  expect(folder).not.toBe(again);
});

test("a rate that is not carried, scores of another definition and a name without a definition are refused, and nothing changes", () => {
  const { parts, assessment, read } = setUp();
  const before = read();
  const { proposal } = assessment;
  const write = (changes: Partial<Assessment>, named = change) =>
    writeThreshold(parts, named, { ...assessment, ...changes });
  expect(() => write({ proposal: { ...proposal, falseAlarms: 0.02 } })).toThrow(
    "not carried at 2.5: they may be up to 0.02",
  );
  expect(() => write({ proposal: { ...proposal, falseAlarms: null } })).toThrow("the replies are too few");
  expect(() => write({ hash: "f".repeat(16) })).toThrow("another definition of japan");
  expect(() => write({}, { ...change, detector: "both" })).toThrow("There is no both.yaml");
  expect(read()).toBe(before);
});
