import { describe, expect, it } from "vitest";
import { compareFacts } from "../../src/cli/lens-facts.ts";
import { openConfiguredModel } from "../../src/cli/command-model.ts";
import { loadConfig } from "../../src/config.ts";
import { openLensComparer, type LensAtTap } from "../../src/lens/lens-compare.ts";
import { NO_LENS_MAPS } from "../../src/lens/lens-maps.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const FACTS = [
  { text: "The capital of France is", answers: ["Paris"] },
  { text: "The capital of Germany is", answers: ["Bonn", "Berlin"] },
  { text: "The capital of Italy is", answers: ["purple"] },
];

describe("where answers emerge", () => {
  it("is found of the facts that the model answers itself, by any name of the answer", async () => {
    const live = writeLiveConfig({ detectors: {}, policies: {} });
    try {
      const model = await openConfiguredModel(loadConfig({ path: live.path, environment: {} }));
      const at = (tap: string): LensAtTap => ({ lens: "logit", tap });
      const lenses = [at("29.resid_post"), at("2.resid_post"), at("28.resid_post"), at("2.attn_out")];
      const comparer = await openLensComparer({ model: model.prepared, maps: NO_LENS_MAPS, lenses, contextTokens: 64 });
      const table = await compareFacts({ comparer, model, facts: FACTS, lenses });
      await comparer.close();
      expect(table).toMatchObject({ asked: 3, answered: 2 });
      const [attention, residual] = table.rows;
      expect(attention).toMatchObject({ lens: "logit", point: "attn_out", emerged: { mean: 0 }, layer: null });
      expect(residual).toMatchObject({ point: "resid_post", emerged: { mean: 1 } });
      expect(residual?.layer?.median).toBeGreaterThanOrEqual(28);
    } finally {
      live.remove();
    }
  });
});
