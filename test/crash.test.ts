import { expect, test } from "vitest";
import { runKillCampaign } from "./support/kill-campaign.ts";

test("nothing flagged is lost when the gateway is killed three times under traffic", { timeout: 180_000 }, async () => {
  const report = await runKillCampaign({ kills: 3, clients: 6, seed: 1 });
  expect(report.flaggedSeen).toBeGreaterThan(0);
  expect(report).toMatchObject({ kills: 3, withoutItem: 0, withoutTrace: 0, duplicates: 0, leaks: 0 });
  expect(report).toMatchObject({ itemsWithoutTrace: 0, tracesWithoutItem: 0, tracesLeftOpen: 0 });
});
