import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { encodeProbe } from "../../src/detect/probe-file.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { loadDetectors } from "../../src/detect/loader.ts";
import type { LivePosition } from "../../src/engine/engine.ts";
import { openParts } from "../../src/engine/open-parts.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openVendoredParts, policyOf, readRequest, settingsOf, type OpenedParts } from "../support/engine-parts.ts";
import { endOf, eventsOf, openRig } from "../support/engine-rig.ts";
import { writeFolder } from "../support/folder.ts";
import { seededNumbers } from "../support/seeded-numbers.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";

const HIDDEN = 576;
const TAPS = ["23.attn_out", "12.resid_post"];
const WORDS = "words: [Germany, Berlin, France, Japan], first_letter: as_written";

let opened: OpenedParts;
beforeAll(async () => {
  opened = await openVendoredParts("fast");
});
afterAll(() => opened.close());

const definition = (kind: string, options: string) => `description: d
kind: ${kind}
options: { ${options} }
positions: both
aggregate: { type: max, window: 1 }
threshold: 1000
calibration: { status: uncalibrated, note: n }
`;
const concept = (tap: string, yardstick: string) =>
  definition("concept", `${WORDS}, taps: [${tap}], yardstick: ${yardstick}`);
const trajectory = (measure: string, yardstick: string) =>
  definition("trajectory", `${WORDS}, inside: [${TAPS.join(", ")}], measure: ${measure}, yardstick: ${yardstick}`);

/** Two directions of ordinary size, the same at every run. */
const directions = Float32Array.from(seededNumbers(9, 2 * HIDDEN), (value) => value - 0.5); // [2, HIDDEN]

/** Loads definitions from a folder, with a probe's file beside them, and gives every score of a text, by detector. */
async function scoresOf(definitions: Readonly<Record<string, string>>) {
  const files = Object.entries(definitions).map(([id, text]) => [`${id}.yaml`, text] as const);
  const folder = writeFolder(Object.fromEntries(files));
  const probe = { taps: TAPS, directions, bias: 0.75, hidden: HIDDEN, modelSha256: TEST_BINDING.modelSha256 };
  writeFileSync(join(folder, "p.safetensors"), encodeProbe({ ...probe, precision: "fast", about: {} }));
  const kinds = await loadKinds();
  const detectors = loadDetectors({ folder, kinds, context: await openVocabulary(), binding: TEST_BINDING });
  const rules = Object.fromEntries(detectors.map(({ id }) => [id, { action: "observe" as const }]));
  const policy = policyOf({ detectors: rules });
  const { parts, model } = await openParts(settingsOf(opened.model, { detectors }));
  onTestFinished(async () => {
    await parts.forward.close();
    await parts.lensHead.close();
  });
  const prompt = opened.prompts.encodeText("The capital of Germany is").ids;
  const forced = Int32Array.from(opened.tokenizer.encode(" Berlin, and that of Japan is Tokyo."));
  const events = await eventsOf(
    openRig({ ...parts, policy }, model).read(readRequest(prompt, forced, { keepScores: true })),
  );
  const every = endOf(events).everyScore ?? [];
  const columns = new Map(detectors.map(({ id }, column) => [id, column]));
  const scores = (id: string) => every.map((entry: LivePosition) => entry.scores[columns.get(id) ?? -1] ?? Number.NaN);
  return { parts, scores, ids: [...prompt, ...forced], positions: every.map(({ position }) => position) };
}

describe("the trajectory kind on the model", () => {
  it.each(["background", "exact"])("is made of what concepts say at its taps: %s", async (yardstick) => {
    const { scores } = await scoresOf({
      "in-one": concept("23.attn_out", yardstick),
      "in-two": concept("12.resid_post", yardstick),
      out: concept("29.resid_post", yardstick),
      hidden: trajectory("hidden", yardstick),
      dropped: trajectory("dropped", yardstick),
    });
    const [one, two, out] = [scores("in-one"), scores("in-two"), scores("out")];
    const inside = one.map((score, index) => Math.max(score, two[index] ?? Number.NaN));
    expect(inside.length).toBeGreaterThan(8);
    scores("hidden").forEach((score, index) => {
      const [strong = 0, said = 0] = [inside[index], out[index]];
      expect(score).toBeCloseTo(Math.min(strong, strong - said), 6);
      expect(scores("dropped")[index]).toBeCloseTo(strong - said, 6);
    });
    expect(Math.max(...scores("hidden")) - Math.min(...scores("hidden"))).toBeGreaterThan(1);
  });
});

describe("the probe kind on the model", () => {
  it("is bias + Σ direction · row / rms(row) of the rows that the graph returns", async () => {
    const { parts, scores, ids, positions } = await scoresOf({ probe: definition("probe", "file: p.safetensors") });
    const { taps } = parts.forward.plan;
    const slot = createSlot(opened.model.manifest.architecture, 64);
    const { tapRows } = await parts.forward.step(slot, ids, "last");
    const epsilon = opened.model.manifest.architecture.normEpsilon;
    const expected = positions.map((position) =>
      TAPS.reduce((sum, tap, index) => {
        const from = (position * taps.length + taps.indexOf(tap)) * HIDDEN;
        const row = tapRows.subarray(from, from + HIDDEN);
        const rms = Math.sqrt(row.reduce((total, value) => total + value * value, 0) / HIDDEN + epsilon);
        return sum + row.reduce((total, value, at) => total + value * (directions[index * HIDDEN + at] ?? 0), 0) / rms;
      }, 0.75),
    );
    expect(scores("probe")).toHaveLength(expected.length);
    // One pass over all rows and two passes round differently.
    scores("probe").forEach((score, index) => expect(Math.abs(score - (expected[index] ?? 0))).toBeLessThan(0.05));
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(1);
  });
});
