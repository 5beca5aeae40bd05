import { expect, it } from "vitest";
import { readerSettingsOf, SAMPLE_TOKENS } from "../../src/enrichment/reader-settings.ts";
import { openModel } from "../../src/lens/open-model.ts";
import { policyOf, POLICY } from "../support/engine-parts.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "../support/prepared-model.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

it("are the live engine's with every tap, one slot and all the time in the world, and survive being sent", async () => {
  const model = await openModel({ folder: VENDORED_FOLDER, cache: TEST_CACHE, precision: "fast", contextTokens: 256 });
  const settings = await readerSettingsOf({
    model,
    detectors: [loadedDetector("alarm"), loadedDetector("unused")],
    kindModules: [],
    policies: { [POLICY]: policyOf({ detectors: { alarm: {} } }) },
    prefillChunkTokens: 32,
    threads: 1,
  });
  expect(settings.worker).toMatchObject({ slots: 1, threads: 1, prefillChunkTokens: 32, judgeLimitMs: Infinity });
  expect(settings.worker.detectors.map(({ id }) => id)).toEqual(["alarm"]);
  expect(settings.worker.extraTaps).toEqual(settings.taps);
  expect(settings.taps).toHaveLength(120);
  expect(settings.sample).toHaveLength(SAMPLE_TOKENS);
  expect(settings.statistics?.normedMeans.size).toBe(120);
  expect(settings.model).toEqual({ name: model.facts.name, sha256: model.facts.sha256, precision: "fast" });
  expect(structuredClone(settings)).toEqual(settings);
});
