import { afterAll, beforeAll, onTestFinished } from "vitest";
import { describeReviewQueue } from "../conformance/review-queue.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";
import { createBullmqQueue } from "../../src/queue/bullmq.ts";
import { openRedis } from "../../src/trace/redis.ts";

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
      open: async () => {
        const redis = openRedis({ url: server.url, prefix, log: { info() {}, warn() {} } });
        await new Promise<void>((resolve) => void redis.onReady(resolve));
        const queue = createBullmqQueue({ redis });
        onTestFinished(async () => {
          await queue.close();
          redis.close();
        });
        return queue;
      },
      passTime: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
  });
});
