import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { openRedis, type RedisOptions } from "../../src/trace/redis.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

const log = { info: vi.fn(), warn: vi.fn() };

function open(url: string, changes: Partial<RedisOptions> = {}) {
  const handle = openRedis({ url, prefix: "lensgate", log, callTimeoutMs: 400, ...changes });
  onTestFinished(() => handle.close());
  return handle;
}

const ping = (handle: ReturnType<typeof open>) => handle.attempt("ping", (client) => client.ping());
const ready = (handle: ReturnType<typeof open>) => new Promise<void>((resolve) => void handle.onReady(resolve));

async function expectRefused(work: Promise<unknown>, withinMs: number): Promise<GatewayError> {
  const before = performance.now();
  const error = await work.then(
    () => expect.unreachable("it was not refused"),
    (thrown: unknown) => thrown,
  );
  expect(performance.now() - before).toBeLessThan(withinMs);
  expect(error).toMatchObject({ code: "review_unavailable" });
  return error as GatewayError;
}

test("a Redis that is not there refuses every call at once, and is counted by the name of the call", async () => {
  const { port, release } = await occupyPort();
  await release();
  const onFailure = vi.fn();
  const handle = open(`redis://127.0.0.1:${port}`, { onFailure });
  await expectRefused(ping(handle), 100);
  await vi.waitFor(() => expect(handle.status().lastError).toMatch(/ECONNREFUSED/));
  expect((await expectRefused(ping(handle), 100)).message).toMatch(/ECONNREFUSED/);
  expect(handle.status().connected).toBe(false);
  expect(onFailure.mock.calls).toEqual([["ping"], ["ping"]]);
});

describeWithRedis("the connection to Redis", () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(() => server.stop());

  test("calls work once it answers, and the listener is told", async () => {
    const handle = open(server.url);
    await ready(handle);
    expect(await ping(handle)).toBe("PONG");
    expect(handle.status()).toMatchObject({ connected: true });
    expect(await handle.checkDurability()).toEqual([]);
  });

  test("a paused Redis fails a call within its limit, then every call at once, and is noticed when it is back", async () => {
    const handle = open(server.url);
    await ready(handle);
    await server.pause(2_500);
    await expectRefused(ping(handle), 600);
    await expectRefused(ping(handle), 50);
    const back = vi.fn();
    handle.onReady(back);
    expect(back).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(back).toHaveBeenCalledTimes(1), { timeout: 6_000 });
    expect(await ping(handle)).toBe("PONG");
  });

  test("a killed Redis refuses, and a restarted one is found again by itself", async () => {
    const handle = open(server.url);
    await ready(handle);
    const back = vi.fn();
    handle.onReady(back);
    await server.kill();
    await vi.waitFor(() => expect(handle.status().connected).toBe(false));
    await expectRefused(ping(handle), 50);
    await server.restart();
    await vi.waitFor(() => expect(back).toHaveBeenCalledTimes(2), { timeout: 6_000 });
    expect(await ping(handle)).toBe("PONG");
  });

  test("an error of the work itself that is meant for the caller passes through", async () => {
    const handle = open(server.url);
    await ready(handle);
    const conflict = new GatewayError("conflict");
    await expect(handle.attempt("decide", () => Promise.reject(conflict))).rejects.toBe(conflict);
  });

  test("a Redis without memory refuses writes as unavailable", async () => {
    const handle = open(server.url);
    await ready(handle);
    await server.command("CONFIG", "SET", "maxmemory", "1mb");
    const set = handle.attempt("set", (client) => client.set("a", "b"));
    expect((await expectRefused(set, 200)).message).toMatch(/OOM/);
    expect(await ping(handle)).toBe("PONG");
  });

  test("a Redis that forgets is named with its cure", async () => {
    const handle = open(server.url);
    await ready(handle);
    await server.command("CONFIG", "SET", "appendonly", "no");
    await server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    log.warn.mockClear();
    const warnings = await handle.checkDurability();
    expect(warnings).toEqual([
      expect.stringMatching(/appendonly yes/),
      expect.stringMatching(/allkeys-lru.*noeviction/),
    ]);
    expect(log.warn).toHaveBeenCalledTimes(2);
  });
});

describeWithRedis("a Redis with a password", () => {
  test("the right one connects, a wrong one is refused and said, and never shown", async () => {
    const server = await startRedis({ args: ["--requirepass", "right-one"] });
    onTestFinished(() => server.stop());
    const right = open(server.url, { password: "right-one" });
    await ready(right);
    expect(await ping(right)).toBe("PONG");
    const wrong = open(server.url, { password: "wrong-one" });
    await vi.waitFor(() => expect(wrong.status().lastError).toMatch(/WRONGPASS/));
    const error = await expectRefused(ping(wrong), 50);
    expect(error.message).not.toContain("wrong-one");
  });
});
