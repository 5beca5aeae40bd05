import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { prepareScripts } from "../../src/queue/bullmq-scripts.ts";
import { createBullmqQueue } from "../../src/queue/bullmq.ts";
import type { ReviewItem } from "../../src/queue/queue.ts";
import { sampleItem, sampleQueuedItem, traceId } from "../conformance/samples.ts";
import { answering, redisFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

describeWithRedis("the scripts of the BullMQ queue", () => {
  let server: RedisServer;
  let tests = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  async function open() {
    const prefix = `scripts-${(tests += 1)}`;
    const redis = redisFor(server.url, { prefix });
    await answering(redis);
    const queue = createBullmqQueue({ redis });
    onTestFinished(() => queue.close());
    const scripts = prepareScripts(`${prefix}:review:`, `${prefix}:desk:`);
    /** What a gateway leaves that died between the first step of enqueueing and the second. */
    const admitOnly = (item: ReviewItem) =>
      redis.attempt("admit", (client) =>
        scripts.admit(
          client,
          item.traceId,
          JSON.stringify(item),
          item.priority,
          item.createdAt,
          "",
          "",
          "",
          item.repetition,
        ),
      );
    return { redis, queue, admitOnly };
  }

  test("an item whose gateway died while it enqueued is not there, and is added by the next attempt", async () => {
    const { queue, admitOnly } = await open();
    await admitOnly(sampleItem(1));
    expect(await queue.get(traceId(1))).toBeUndefined();
    expect(await queue.list({ limit: 9 })).toEqual([]);
    expect(await queue.claim({ reviewer: "ada", leaseMs: 1_000 })).toBeUndefined();
    expect(await queue.enqueue(sampleItem(1))).toBe("added");
    expect(await queue.enqueue(sampleItem(1))).toBe("known");
    expect(await queue.list({ limit: 9 })).toEqual([sampleQueuedItem(1)]);
  });

  test("a trace that joins such an item completes it", async () => {
    const { queue, admitOnly } = await open();
    await admitOnly(sampleItem(1, { repetition: "alike" }));
    expect(await queue.enqueue(sampleItem(2, { repetition: "alike" }))).toBe("joined");
    expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", count: 2 });
  });

  test("a Redis that has forgotten the scripts is given them again", async () => {
    const { queue } = await open();
    await queue.enqueue(sampleItem(1));
    await server.command("SCRIPT", "FLUSH");
    expect(await queue.enqueue(sampleItem(2))).toBe("added");
    expect(await queue.stats()).toMatchObject({ waiting: 2 });
  });

  test("a decided item leaves nothing behind that grows with what it stood for", async () => {
    const { redis, queue } = await open();
    await queue.enqueue(sampleItem(1, { repetition: "alike" }));
    const claim = await queue.claim({ reviewer: "ada", leaseMs: 1_000 });
    await queue.decide(traceId(1), claim?.token ?? "");
    expect(await server.command("EXISTS", `${redis.prefix}:desk:same:alike`)).toBe(0);
    expect(await server.command("ZCARD", `${redis.prefix}:desk:waiting`)).toBe(0);
  });
});
