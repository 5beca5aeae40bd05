import { expect, test } from "vitest";
import { createEpoch } from "../../src/trace/redis-epoch.ts";
import { describeWithRedis } from "../support/redis-server.ts";
import { openTestRedis } from "../support/redis-handle.ts";

describeWithRedis("the epoch of Redis", () => {
  test("is the same for every gateway and every time", async () => {
    const { handle } = await openTestRedis();
    const [one, other] = [createEpoch(handle, "key"), createEpoch(handle, "key")];
    expect(await one()).toMatch(/^[0-9a-f]{16}\/\w+$/);
    expect(await other()).toBe(await one());
  });

  test("is another one when the data are gone", async () => {
    const { handle, server } = await openTestRedis();
    const epoch = createEpoch(handle, "key");
    const before = await epoch();
    await server.flush();
    expect(await epoch()).not.toBe(before);
  });

  test("is another one after a restart, though the data are there", async () => {
    const { handle, server, answering } = await openTestRedis();
    const epoch = createEpoch(handle, "key");
    const before = await epoch();
    await server.kill();
    await expect(epoch()).rejects.toMatchObject({ code: "review_unavailable" });
    await server.restart();
    await answering();
    const after = await epoch();
    expect(after).not.toBe(before);
    expect(after.split("/")[0]).toBe(before.split("/")[0]);
  });

  test("is refused where others seal with another key", async () => {
    const { handle } = await openTestRedis();
    await createEpoch(handle, "key")();
    await expect(createEpoch(handle, "other")()).rejects.toThrow(/another LENSGATE_TRACE_KEY/);
  });

  test("can be read when Redis is full", async () => {
    const { handle, server } = await openTestRedis();
    const epoch = createEpoch(handle, "key");
    const before = await epoch();
    await server.command("CONFIG", "SET", "maxmemory", "1");
    expect(await epoch()).toBe(before);
  });
});
