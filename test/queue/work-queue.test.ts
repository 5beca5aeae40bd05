import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { Worker } from "bullmq";
import { createBullmqWorkQueue, createLocalWorkQueue, type WorkOptions } from "../../src/queue/work-queue.ts";
import type { WorkQueue } from "../../src/queue/work-queue.ts";
import { openRedis } from "../../src/trace/redis.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

const log = { info() {}, warn() {} };
const QUICK = { attempts: 3, backoffMs: 10 };
const settled = (queue: WorkQueue) => vi.waitFor(async () => expect(await queue.depth()).toBe(0), { timeout: 20_000 });

function describeWorkQueue(name: string, setUp: (options: WorkOptions) => Promise<WorkQueue>): void {
  describe(`${name} as a queue of work`, () => {
    test("every id is handled once, in order, one at a time", async () => {
      const queue = await setUp(QUICK);
      for (const id of ["tr_1", "tr_2", "tr_2", "tr_3"]) await queue.add(id);
      expect(await queue.depth()).toBe(3);
      let [running, most] = [0, 0];
      const handled: string[] = [];
      queue.process(async (id) => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        handled.push(id);
      });
      await settled(queue);
      expect(handled).toEqual(["tr_1", "tr_2", "tr_3"]);
      expect(most).toBe(1);
    });

    test("work that fails is tried three times, then given up by name, and holds up nothing else", async () => {
      const onGivenUp = vi.fn();
      const queue = await setUp({ ...QUICK, onGivenUp });
      const handled: string[] = [];
      queue.process(async (id) => {
        handled.push(id);
        if (id === "tr_bad") throw new Error("it does not read");
      });
      await queue.add("tr_bad");
      await queue.add("tr_good");
      await settled(queue);
      expect(handled.toSorted()).toEqual(["tr_bad", "tr_bad", "tr_bad", "tr_good"]);
      await vi.waitFor(() => expect(onGivenUp.mock.calls).toEqual([["tr_bad", "it does not read"]]));
    });

    test("an id that was handled, or given up, can be added again", async () => {
      const queue = await setUp({ ...QUICK, attempts: 1 });
      const handled: string[] = [];
      queue.process(async (id) => {
        handled.push(id);
        throw new Error("never");
      });
      await queue.add("tr_1");
      await settled(queue);
      await queue.add("tr_1");
      await settled(queue);
      expect(handled).toEqual(["tr_1", "tr_1"]);
    });

    test("closing lets the handler finish and takes nothing more", async () => {
      const queue = await setUp(QUICK);
      const handled: string[] = [];
      let started = () => {};
      const running = new Promise<void>((resolve) => (started = resolve));
      const processing = queue.process(async (id) => {
        started();
        await new Promise((resolve) => setTimeout(resolve, 50));
        handled.push(id);
      });
      for (const id of ["tr_1", "tr_2"]) await queue.add(id);
      await running;
      await processing.close();
      expect(handled).toEqual(["tr_1"]);
      expect(await queue.depth()).toBe(1);
    });
  });
}

describeWorkQueue("memory", async (options) => {
  const queue = createLocalWorkQueue(options);
  onTestFinished(() => queue.close());
  return queue;
});

test("what was left from before is taken up when processing starts, also when it cannot be read at first", async () => {
  let asked = 0;
  const refill = async () => {
    asked += 1;
    if (asked === 1) throw new Error("locked");
    return ["tr_1", "tr_2"];
  };
  const queue = createLocalWorkQueue({ ...QUICK, refill });
  onTestFinished(() => queue.close());
  const handled: string[] = [];
  queue.process(async (id) => void handled.push(id));
  await vi.waitFor(() => expect(handled).toEqual(["tr_1", "tr_2"]));
});

test("without Redis, work is refused at once and closing does not hang", async () => {
  const { port, release } = await occupyPort();
  await release();
  const redis = openRedis({ url: `redis://127.0.0.1:${port}`, prefix: "lensgate", log });
  onTestFinished(() => redis.close());
  const queue = createBullmqWorkQueue({ redis });
  queue.process(async () => {});
  const before = performance.now();
  await expect(queue.add("tr_1")).rejects.toMatchObject({ code: "review_unavailable" });
  await expect(queue.depth()).rejects.toMatchObject({ code: "review_unavailable" });
  await queue.close();
  expect(performance.now() - before).toBeLessThan(1_000);
});

describeWithRedis("BullMQ on a real Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  let queues = 0;
  async function open(options: WorkOptions & { lockMs?: number } = {}, prefix = `work-${(queues += 1)}`) {
    const redis = openRedis({ url: server.url, prefix, log });
    await new Promise<void>((resolve) => void redis.onReady(resolve));
    const queue = createBullmqWorkQueue({ redis, ...options });
    onTestFinished(async () => {
      await queue.close();
      redis.close();
    });
    return queue;
  }
  describeWorkQueue("BullMQ", (options) => open(options));

  test("two processes share the work and none is done twice", async () => {
    const queues = [await open({}, "shared"), await open({}, "shared")];
    const handled: string[] = [];
    for (const queue of queues) queue.process(async (id) => void handled.push(id));
    await Promise.all(Array.from({ length: 40 }, (_, index) => queues[index % 2]?.add(`tr_${index}`)));
    await vi.waitFor(() => expect(handled).toHaveLength(40), { timeout: 10_000 });
    expect(new Set(handled).size).toBe(40);
  });

  test("work whose process died goes to another, and is given up when it killed three", async () => {
    const onGivenUp = vi.fn();
    const queue = await open({ ...QUICK, lockMs: 200, onGivenUp }, "dying");
    await queue.add("tr_1");
    const connection = { host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null };
    for (let died = 0; died < 3; died += 1) {
      // As a killed process leaves it: taken, locked, never finished.
      const worker = new Worker("enrichment", null, {
        connection,
        prefix: "dying",
        lockDuration: 50,
        stalledInterval: 60,
      });
      onTestFinished(() => worker.close());
      worker.on("error", () => undefined);
      await worker.startStalledCheckTimer();
      const taken = await vi.waitFor(async () => {
        const job = await worker.getNextJob(`token ${died}`, { block: false });
        if (job === undefined) throw new Error("not yet");
        return job;
      });
      expect(taken.id).toBe("tr_1");
      await worker.close(true);
    }
    const handler = vi.fn();
    queue.process(handler);
    await vi.waitFor(() => expect(onGivenUp).toHaveBeenCalledWith("tr_1", expect.stringMatching(/stalled/)), 10_000);
    expect(handler).not.toHaveBeenCalled();
  });

  test("a worker goes on by itself after Redis was killed and started again", async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const redis = openRedis({ url: own.url, prefix: "restart", log });
    const queue = createBullmqWorkQueue({ redis, ...QUICK });
    onTestFinished(async () => {
      await queue.close();
      redis.close();
    });
    await new Promise<void>((resolve) => void redis.onReady(resolve));
    const handled: string[] = [];
    queue.process(async (id) => void handled.push(id));
    await queue.add("tr_1");
    await vi.waitFor(() => expect(handled).toEqual(["tr_1"]));
    await own.kill();
    await own.restart();
    await vi.waitFor(() => queue.add("tr_2"), 10_000);
    await vi.waitFor(() => expect(handled).toEqual(["tr_1", "tr_2"]), 20_000);
  });
});
