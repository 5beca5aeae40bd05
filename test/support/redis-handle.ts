import { onTestFinished } from "vitest";
import { openRedis, type RedisHandle } from "../../src/trace/redis.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";
import { until } from "./wire-reply.ts";

/** A Redis of the test's own and a connection to it. */
export interface TestRedis {
  readonly server: RedisServer;
  readonly handle: RedisHandle;
  /** Resolves when the connection is up. */
  answering(): Promise<unknown>;
}

/** Starts one, connected; both go when the test ends. */
export async function openTestRedis(): Promise<TestRedis> {
  const server = await startRedis();
  const quiet = () => undefined;
  const handle = openRedis({
    url: server.url,
    prefix: "test",
    log: { info: quiet, warn: quiet },
    callTimeoutMs: 500,
  });
  onTestFinished(async () => {
    handle.close();
    await server.stop();
  });
  const answering = () => until(() => handle.status().connected);
  await answering();
  return { server, handle, answering };
}
