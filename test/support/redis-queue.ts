import { onTestFinished, vi } from "vitest";
import { createBullmqQueue, type BullmqQueueOptions } from "../../src/queue/bullmq.ts";
import { openRedis, type RedisHandle, type RedisOptions } from "../../src/trace/redis.ts";

/** A connection to Redis that closes when the test ends; says nothing. */
export function redisFor(url: string, options: Partial<RedisOptions> = {}): RedisHandle {
  const redis = openRedis({ url, prefix: "lensgate", log: { info() {}, warn() {} }, ...options });
  onTestFinished(() => redis.close());
  return redis;
}

/** Resolves when Redis answers. */
export function answering(redis: RedisHandle): Promise<void> {
  return vi.waitFor(() => redis.attempt("ping", async (client) => void (await client.ping())), { timeout: 10_000 });
}

/** A review queue with a connection of its own, as another gateway has. */
export async function queueFor(url: string, prefix: string, options: Partial<BullmqQueueOptions> = {}) {
  const redis = redisFor(url, { prefix });
  await answering(redis);
  const queue = createBullmqQueue({ redis, ...options });
  onTestFinished(() => queue.close());
  return queue;
}
