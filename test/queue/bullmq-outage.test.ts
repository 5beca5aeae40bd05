import { afterEach, beforeEach, expect, test } from "vitest";
import { createBullmqQueue } from "../../src/queue/bullmq.ts";
import type { ReviewQueue } from "../../src/queue/queue.ts";
import { mustClaim } from "../conformance/review-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { answering, redisFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

const claimed = { reviewer: "ada", leaseMs: 60_000 };
const NEXT = { stage: "second", excluded: [] } as const;

const VERBS: readonly (readonly [string, (queue: ReviewQueue) => Promise<unknown>])[] = [
  ["enqueue", (queue) => queue.enqueue(sampleItem(7))],
  ["claim", (queue) => queue.claim(claimed)],
  ["heartbeat", (queue) => queue.heartbeat(traceId(1), "token", 1_000)],
  ["release", (queue) => queue.release(traceId(1), "token")],
  ["passOn", (queue) => queue.passOn(traceId(1), "token", NEXT)],
  ["decide", (queue) => queue.decide(traceId(1), "token")],
  ["reopen", (queue) => queue.reopen(traceId(1), NEXT)],
  ["remove", (queue) => queue.remove(traceId(1))],
  ["get", (queue) => queue.get(traceId(1))],
  ["itemOf", (queue) => queue.itemOf(traceId(1))],
  ["members", (queue) => queue.members(traceId(1), 5)],
  ["list", (queue) => queue.list({ limit: 5 })],
  ["stats", (queue) => queue.stats()],
];

async function expectRefused(work: Promise<unknown>, withinMs: number): Promise<void> {
  const before = performance.now();
  await expect(work).rejects.toMatchObject({ code: "review_unavailable" });
  expect(performance.now() - before).toBeLessThan(withinMs);
}

describeWithRedis("the BullMQ queue when Redis fails", () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(() => server.stop());
  async function open() {
    const redis = redisFor(server.url);
    await answering(redis);
    return { redis, queue: createBullmqQueue({ redis }) };
  }

  test.each([false, true])("paused: every verb is refused within the limit (used before: %s)", async (used) => {
    const { redis, queue } = await open();
    if (used) await queue.enqueue(sampleItem(1));
    await server.pause(4_500);
    await Promise.all(VERBS.map(([, verb]) => expectRefused(verb(queue), 2_500)));
    for (const [, verb] of VERBS) await expectRefused(verb(queue), 100);
    await answering(redis);
    expect(await queue.stats()).toMatchObject({ decided: 0, dead: 0 });
    expect(await queue.enqueue(sampleItem(2))).toBe("added");
  });

  test("killed: verbs in flight and after are refused at once; restarted: items and claims are as they were", async () => {
    const { redis, queue } = await open();
    for (let number = 1; number <= 3; number += 1) await queue.enqueue(sampleItem(number));
    const claim = await mustClaim(queue, claimed);
    await server.kill();
    for (const [, verb] of VERBS) await expectRefused(verb(queue), 300);
    await server.restart();
    await answering(redis);
    expect(await queue.get(claim.item.traceId)).toEqual(claim.item);
    await queue.decide(claim.item.traceId, claim.token);
    expect(await queue.stats()).toMatchObject({ waiting: 2, claimed: 0, decided: 1 });
  });

  test("killed in the middle of many changes: after a restart every item is in exactly one state", async () => {
    const { redis, queue } = await open();
    for (let round = 0; round < 5; round += 1) {
      const from = round * 200;
      let done = 0;
      const busy = Array.from({ length: 8 }, async (_, lane) => {
        for (let number = from + lane; number < from + 200; number += 8) {
          await queue.enqueue(sampleItem(number));
          const claim = await queue.claim({ reviewer: "ada", leaseMs: 500 });
          if (claim !== undefined && number % 3 > 0) await queue.decide(claim.item.traceId, claim.token);
          if (claim !== undefined && number % 3 === 0) await queue.release(claim.item.traceId, claim.token);
          done += 1;
        }
      });
      const ended = Promise.allSettled(busy);
      while (done < 20 + round * 13) await new Promise((resolve) => setTimeout(resolve, 1));
      await server.kill();
      await ended;
      await server.restart();
      await answering(redis);
    }
    // The outbox sends again what it got no answer for.
    for (let number = 0; number < 1_000; number += 1) await queue.enqueue(sampleItem(number));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const stats = await queue.stats();
    expect(stats).toMatchObject({ claimed: 0, dead: 0 });
    expect(stats.waiting + stats.decided).toBe(1_000);
    const items = await queue.list({ limit: 2_000 });
    expect(items.map((item) => item.traceId)).toEqual(Array.from({ length: 1_000 }, (_, index) => traceId(index)));
  });

  test("full: new items are refused whole, and reviewers go on claiming, extending, deciding and giving back", async () => {
    const { queue } = await open();
    for (let number = 1; number <= 4; number += 1) await queue.enqueue(sampleItem(number));
    const expiring = await mustClaim(queue, { reviewer: "ada", leaseMs: 20 });
    await server.command("CONFIG", "SET", "maxmemory", "1mb");
    await expectRefused(queue.enqueue(sampleItem(5)), 300);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await queue.get(expiring.item.traceId)).toMatchObject({ state: "waiting" });
    const [one, two, three] = [
      await mustClaim(queue, claimed),
      await mustClaim(queue, claimed),
      await mustClaim(queue, claimed),
    ];
    await queue.heartbeat(one.item.traceId, one.token, 90_000);
    await queue.decide(one.item.traceId, one.token);
    await queue.passOn(two.item.traceId, two.token, NEXT);
    await queue.release(three.item.traceId, three.token);
    await queue.reopen(one.item.traceId, NEXT);
    expect(await queue.stats()).toMatchObject({ waiting: 4, claimed: 0, decided: 0, leasesExpired: 1 });
    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await queue.enqueue(sampleItem(5))).toBe("added");
    expect(await queue.stats()).toMatchObject({ waiting: 5 });
  });

  test("wiped: items that are sent again are there again", async () => {
    const { queue } = await open();
    for (let number = 1; number <= 3; number += 1) await queue.enqueue(sampleItem(number));
    await server.flush();
    expect(await queue.stats()).toMatchObject({ waiting: 0 });
    for (let number = 1; number <= 3; number += 1) expect(await queue.enqueue(sampleItem(number))).toBe("added");
    expect(await queue.list({ limit: 9 })).toHaveLength(3);
  });
});
