import { expect, test } from "vitest";
import { REDIS_FAULTS, runRedisFault } from "../support/redis-campaign.ts";
import { describeWithRedis } from "../support/redis-server.ts";

describeWithRedis("of 500 flagged traces, 500 are in the queue once, and no decision is lost", () => {
  test.each(REDIS_FAULTS)("when Redis is $name", async (fault) => {
    const report = await runRedisFault(fault, 500);
    process.stdout.write(`${JSON.stringify(report)}\n`);
    expect(report.flagged).toBeGreaterThanOrEqual(500);
    expect(report).toMatchObject({ refused: 0, missing: 0, twice: 0, decisionsLost: 0, inQueue: report.flagged });
  });
});
