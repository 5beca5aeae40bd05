import { expect, onTestFinished, test } from "vitest";
import { LUA, SHARED } from "../../src/queue/bullmq-lua.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { queueFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";

describeWithRedis("the Lua of the BullMQ queue", () => {
  test("every script compiles", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    for (const [name, lua] of Object.entries(LUA)) {
      expect(await server.command("SCRIPT", "LOAD", SHARED + lua), name).toMatch(/^[0-9a-f]{40}$/);
    }
  });

  test("a score is exact to the second at the lowest priority, where Lua's own number texts keep 14 digits", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const queue = await queueFor(server.url, "score");
    const scores: unknown[] = [];
    for (const [number, createdAt] of [
      [1, 1_700_000_001_000],
      [2, 1_700_000_002_999],
    ] as const) {
      await queue.enqueue(sampleItem(number, { priority: 2_097_151, createdAt }));
      scores.push(Number(await server.command("ZSCORE", "score:review:prioritized", traceId(number))));
    }
    expect(scores).toEqual([1_700_000_001, 1_700_000_002].map((seconds) => 2_097_151 * 2 ** 32 + seconds));
  });
});
