import { expect, test } from "vitest";
import { runKillCampaign } from "../support/kill-campaign.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const seed = Number(process.env["LENSGATE_TEST_SEED"] ?? 20);
const NOTHING_LOST = { withoutItem: 0, withoutTrace: 0, duplicates: 0, leaks: 0, itemsWithoutTrace: 0 };

test("nothing flagged is lost when the gateway is killed 20 times under traffic", async () => {
  const report = await runKillCampaign({ kills: 20, clients: 9, seed });
  process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
  expect(report.flaggedSeen).toBeGreaterThan(40);
  expect(report.hungUp).toBeGreaterThan(15);
  // Deaths between a flag and the end of its generation are what this is about.
  expect(report.interrupted).toBeGreaterThan(10);
  expect(report).toMatchObject({ kills: 20, ...NOTHING_LOST, tracesWithoutItem: 0, tracesLeftOpen: 0 });
});

describeWithRedis("with the queue on Redis", () => {
  test("nothing flagged is lost when gateway, Redis and reading process are killed 20 times each", async () => {
    const report = await runKillCampaign({ kills: 20, clients: 9, seed, redis: true });
    process.stdout.write(`${JSON.stringify({ seed, redis: true, ...report })}\n`);
    expect(report.flaggedSeen).toBeGreaterThan(40);
    expect(report.interrupted).toBeGreaterThan(10);
    expect(report).toMatchObject({ kills: 20, ...NOTHING_LOST, tracesWithoutItem: 0, tracesLeftOpen: 0 });
  });
});
