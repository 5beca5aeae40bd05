import { expect, onTestFinished, test } from "vitest";
import { createBullmqQueue } from "../../src/queue/bullmq.ts";
import { createJobCounter, type JobCounts } from "../../src/queue/job-counts.ts";
import { MAX_ABANDONED } from "../../src/queue/queue.ts";
import { createBullmqWorkQueue } from "../../src/queue/work-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";

async function open() {
  const { handle, server, answering } = await openTestRedis();
  const [queue, work, counter] = [
    createBullmqQueue({ redis: handle }),
    createBullmqWorkQueue({ redis: handle, attempts: 1 }),
    createJobCounter(handle),
  ];
  onTestFinished(async () => {
    await work.close();
    await queue.close();
    await counter.close();
  });
  const read = async (name: JobCounts["queue"]) => (await counter.read()).find(({ queue: each }) => each === name);
  return { server, answering, queue, work, counter, read };
}

describeWithRedis("jobs in Redis", () => {
  test("are counted by state, and what completed or failed in all, of items", async () => {
    const { queue, read } = await open();
    expect(await read("review")).toMatchObject({ jobs: { prioritized: 0, completed: 0 }, completed: 0, failed: 0 });
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number, { repetition: `r${number}` }));
    const claim = async (number: number, leaseMs = 60_000) =>
      queue.claim({ traceId: traceId(number), reviewer: "ada", leaseMs });
    const { token = "" } = (await claim(1)) ?? {};
    await queue.decide(traceId(1), token);
    await claim(2);
    expect(await read("review")).toMatchObject({
      jobs: { prioritized: 1, active: 1, completed: 1, failed: 0 },
      completed: 1,
      failed: 0,
    });
    // Decided once more: two verdicts closed it.
    await queue.reopen(traceId(1), { stage: "first", excluded: [] });
    expect(await read("review")).toMatchObject({ jobs: { completed: 0 }, completed: 1 });
    const again = (await claim(1))?.token ?? "";
    await queue.decide(traceId(1), again);
    expect(await read("review")).toMatchObject({ jobs: { completed: 1 }, completed: 2 });
    for (let turn = 0; turn < MAX_ABANDONED; turn += 1) {
      await claim(3, 1);
      await until(
        async () => (await queue.get(traceId(3)))?.state !== "claimed" && (await queue.stats()).claimed === 1,
      );
    }
    expect(await read("review")).toMatchObject({ jobs: { failed: 1 }, failed: 1 });
  });

  test("and of traces that are read again, though nothing is kept of them", async () => {
    const { work, read } = await open();
    await work.add("one");
    await work.add("two");
    const process = work.process(async (id) => {
      if (id === "two") throw new Error("no");
    });
    await until(async () => (await read("enrichment"))?.failed === 1);
    await until(async () => (await read("enrichment"))?.completed === 1);
    expect(await read("enrichment")).toMatchObject({ jobs: { completed: 0, failed: 0, waiting: 0 } });
    await process.close();
  });

  test("cannot be counted while Redis is away, and can when it is back", async () => {
    const { counter, server, answering } = await open();
    await counter.read();
    await server.kill();
    await expect(counter.read()).rejects.toMatchObject({ code: "review_unavailable" });
    await server.restart();
    await answering();
    expect((await counter.read()).map(({ queue }) => queue)).toEqual(["review", "enrichment"]);
  });
});
