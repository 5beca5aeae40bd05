import { afterAll, beforeAll, expect, test } from "vitest";
import { describeReviewQueue } from "../conformance/review-queue.ts";
import { sampleItem } from "../conformance/samples.ts";
import { queueFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

describeWithRedis("on a real Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  let queues = 0;
  describeReviewQueue("the BullMQ queue", () => {
    const prefix = `test-${(queues += 1)}`;
    return {
      leaseMs: 1_000,
      open: () => queueFor(server.url, prefix),
      passTime: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
  });

  test("a claim's token is what the source of randomness gave, fresh for every claim", async () => {
    let drawn = 0;
    const queue = await queueFor(server.url, "tokens", { randomToken: () => `token ${(drawn += 1)}` });
    for (const number of [1, 2]) await queue.enqueue(sampleItem(number));
    expect(await queue.claim({ reviewer: "ada", leaseMs: 500 })).toMatchObject({ token: "token 1" });
    expect(await queue.claim({ reviewer: "ada", leaseMs: 500 })).toMatchObject({ token: "token 2" });
  });

  test("the end of a lease is by the clock of Redis", async () => {
    const queue = await queueFor(server.url, "clock");
    await queue.enqueue(sampleItem(1));
    const [seconds = "0"] = (await server.command("TIME")) as string[];
    const claim = await queue.claim({ reviewer: "ada", leaseMs: 30_000 });
    const now = Number(seconds) * 1_000;
    expect(claim?.leaseUntil).toBeGreaterThanOrEqual(now + 30_000);
    expect(claim?.leaseUntil).toBeLessThan(now + 33_000);
  });
});
