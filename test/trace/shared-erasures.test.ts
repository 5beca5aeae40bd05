import { expect, test } from "vitest";
import { createSharedErasures } from "../../src/trace/shared-erasures.ts";
import { traceId } from "../conformance/samples.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

describeWithRedis("erasures in Redis", () => {
  test("are heard once by whoever asks on from where the last answer ended", async () => {
    const { handle } = await openTestRedis();
    const erasures = createSharedErasures(handle);
    await erasures.tell([1, 2].map(traceId));
    const first = await erasures.hear(0);
    expect(first.items).toEqual([1, 2].map(traceId));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await erasures.tell([1, 3].map(traceId));
    expect((await erasures.hear(first.next + 1)).items).toEqual([traceId(3)]);
  });

  test("nobody told anything: nothing is heard", async () => {
    const { handle, server } = await openTestRedis();
    const erasures = createSharedErasures(handle);
    await erasures.tell([]);
    expect((await erasures.hear(0)).items).toEqual([]);
    expect(await server.command("KEYS", "*")).toEqual([]);
  });

  test("are dropped after ninety days", async () => {
    const { handle, server } = await openTestRedis();
    await server.command("ZADD", "test:shared:erasures", Date.now() - 91 * 86_400_000, traceId(1));
    const erasures = createSharedErasures(handle);
    await erasures.tell([traceId(2)]);
    expect((await erasures.hear(0)).items).toEqual([traceId(2)]);
  });

  test("that cannot be told or heard are refused at once", async () => {
    const { handle, server } = await openTestRedis();
    await server.kill();
    const erasures = createSharedErasures(handle);
    await expect(erasures.tell([traceId(1)])).rejects.toMatchObject({ code: "review_unavailable" });
    await expect(erasures.hear(0)).rejects.toMatchObject({ code: "review_unavailable" });
  });
});
