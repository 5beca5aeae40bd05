import { expect, test } from "vitest";
import { runKillCampaign } from "./support/kill-campaign.ts";
import { describeWithRedis } from "./support/redis-server.ts";

test("nothing flagged is lost when the gateway is killed three times under traffic", { timeout: 300_000 }, async () => {
  const report = await runKillCampaign({ kills: 3, clients: 6, seed: 1 });
  expect(report.flaggedSeen).toBeGreaterThan(0);
  expect(report).toMatchObject({ kills: 3, withoutItem: 0, withoutTrace: 0, duplicates: 0, leaks: 0 });
  expect(report).toMatchObject({ itemsWithoutTrace: 0, tracesWithoutItem: 0, tracesLeftOpen: 0 });
});

describeWithRedis("with the queue on Redis", () => {
  test(
    "nothing flagged is lost when gateway and Redis are killed three times each under traffic",
    { timeout: 300_000 },
    async () => {
      const report = await runKillCampaign({ kills: 3, clients: 6, seed: 2, redis: true });
      expect(report.flaggedSeen).toBeGreaterThan(0);
      expect(report).toMatchObject({ kills: 3, withoutItem: 0, withoutTrace: 0, duplicates: 0, leaks: 0 });
      expect(report).toMatchObject({ itemsWithoutTrace: 0, tracesWithoutItem: 0, tracesLeftOpen: 0 });
    },
  );
});
