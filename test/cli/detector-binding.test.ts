import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeBinding } from "../../src/cli/detector-binding.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const live = writeLiveConfig({ detectors: { bare: { at: { prompt: 0 } } }, policies: {} });
afterAll(() => live.remove());
const HASH = "f".repeat(64);

// Bound to another model, which keeps it from loading anywhere but here.
const CONCEPT = `description: Japan.
kind: concept
options: { words: [Japan], taps: [23.attn_out] }
positions: both
aggregate: { type: max }
threshold: 1
calibration: { status: calibrated, data: d, false_alarm_rate: 0, model_sha256: ${HASH}, precision: exact, format_version: 1, chat_template_sha256: null, background_sha256: null, lens: logit }
`;

describe("lensgate detectors binding", () => {
  it("prints what holds for what is loaded, whatever the definition says so far", async () => {
    writeFileSync(join(live.folder, "detectors", "japan.yaml"), CONCEPT);
    // Another definition that does not parse is nobody's business here.
    writeFileSync(join(live.folder, "detectors", "torn.yaml"), "{");
    const lines = await describeBinding(live.path, "japan");
    expect(lines.map((line) => line.replace(/[0-9a-f]{64}/, "HASH"))).toEqual([
      "model_sha256: HASH",
      "precision: fast",
      expect.stringMatching(/^format_version: \d+$/),
      "chat_template_sha256: HASH",
      "background_sha256: HASH",
      "lens: logit",
      "lens_sha256: null",
    ]);
    expect(lines.join()).not.toContain(HASH);
  });

  it("refuses a detector that is not there", async () => {
    const problems = await problemsOf(() => describeBinding(live.path, "japann"));
    expect(problems).toEqual([
      expect.stringMatching(/there is no detector "japann" \(cure: did you mean "japan"\?\)$/),
    ]);
  });
});
