import { expect, onTestFinished, test } from "vitest";
import { createClearing } from "../../src/queue/clearing.ts";
import { mustClaim } from "../conformance/review-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { queueFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";

const DAY_MS = 86_400_000;
const leaseMs = 60_000;

async function open() {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const queue = await queueFor(server.url, "clearing");
  const decide = async (number: number) =>
    queue.decide(
      traceId(number),
      (await mustClaim(queue, { traceId: traceId(number), reviewer: "ada", leaseMs })).token,
    );
  return { server, queue, decide };
}

describeWithRedis("clearing the BullMQ queue", () => {
  test("removes decided items when their time is up, with their traces, and nothing else", async () => {
    const { server, queue, decide } = await open();
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number));
    await queue.enqueue(sampleItem(4, { repetition: traceId(1) }));
    await decide(1);
    await decide(2);
    await queue.reopen(traceId(2), { stage: "first", excluded: [] });
    let now = Date.now();
    const { run } = createClearing({ queue, keepMs: () => 30 * DAY_MS, clock: () => now });
    await run("");
    expect(await queue.stats()).toMatchObject({ waiting: 2, decided: 1 });
    now += 30 * DAY_MS;
    await run("");
    expect(await queue.stats()).toMatchObject({ waiting: 2, decided: 0 });
    expect([await queue.get(traceId(1)), await queue.itemOf(traceId(4))]).toEqual([undefined, undefined]);
    const keys = (await server.command("KEYS", "clearing:*")) as string[];
    for (const key of keys.filter((each) => !each.endsWith(":events")))
      expect(String(await server.command("DUMP", key)), key).not.toContain(traceId(1));
  });

  test("goes on in small batches, looks once a minute, and takes on another time", async () => {
    const { queue } = await open();
    let now = 10 * DAY_MS;
    let keepMs = 30 * DAY_MS;
    const asked: [number, number][] = [];
    const decided = { left: 250 };
    const clearDecided = async (before: number, limit: number) => {
      asked.push([before, limit]);
      const removed = Math.min(limit, decided.left);
      decided.left -= removed;
      return removed;
    };
    const { run } = createClearing({ queue: { ...queue, clearDecided }, keepMs: () => keepMs, clock: () => now });
    for (let round = 0; round < 5; round += 1) await run("");
    expect(decided.left).toBe(0);
    expect(asked).toHaveLength(3);
    [now, keepMs] = [now + 60_000, DAY_MS];
    await run("");
    expect(asked.at(-1)).toEqual([9 * DAY_MS + 60_000, 100]);
  });

  test("two gateways that clear at once remove each item once", async () => {
    const { server, queue, decide } = await open();
    const other = await queueFor(server.url, "clearing");
    for (let number = 1; number <= 20; number += 1) {
      await queue.enqueue(sampleItem(number));
      await decide(number);
    }
    const later = Date.now() + DAY_MS;
    const removed = await Promise.all([queue, other, queue, other].map((each) => each.clearDecided(later, 7)));
    expect(removed.reduce((sum, each) => sum + each, 0)).toBe(20);
    expect(await queue.stats()).toMatchObject({ decided: 0 });
  });
});
