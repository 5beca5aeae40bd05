import { Queue, Worker } from "bullmq";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createBullmqQueue } from "../../src/queue/bullmq.ts";
import { MAX_ABANDONED } from "../../src/queue/queue.ts";
import { mustClaim } from "../conformance/review-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { answering, queueFor, redisFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const conflict = { code: "conflict" };
const claimed = { reviewer: "ada", leaseMs: 60_000 };

describeWithRedis("the traps of BullMQ as a review queue", () => {
  let server: RedisServer;
  let prefix = "";
  let tests = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  const open = () => {
    prefix = `trap-${(tests += 1)}`;
    return queueFor(server.url, prefix);
  };
  /** BullMQ itself on the same keys, as an operator's tool sees them. */
  const bare = () => {
    const queue = new Queue("review", { connection: { host: "127.0.0.1", port: server.port }, prefix });
    onTestFinished(() => queue.close());
    return queue;
  };
  const worker = (options: object = {}) => {
    const connection = { host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null };
    const made = new Worker("review", null, { connection, prefix, ...options });
    onTestFinished(() => made.close(true));
    return made;
  };

  test("1: a claim on an empty queue answers at once and does not wait for work", async () => {
    const queue = await open();
    const before = performance.now();
    for (let time = 0; time < 3; time += 1) expect(await queue.claim(claimed)).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(500);
  });

  test("2: nothing renews a claim but its heartbeat", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    await queue.enqueue(sampleItem(2));
    const [kept, left] = [
      await mustClaim(queue, { reviewer: "ada", leaseMs: 600 }),
      await mustClaim(queue, { reviewer: "bo", leaseMs: 600 }),
    ];
    for (let time = 0; time < 4; time += 1) {
      await wait(200);
      await queue.heartbeat(kept.item.traceId, kept.token, 600);
    }
    await expect(queue.heartbeat(left.item.traceId, left.token, 600)).rejects.toMatchObject(conflict);
    await queue.decide(kept.item.traceId, kept.token);
  });

  test("3: an expired claim returns without any worker's timer, in its place by priority", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1, { priority: 500 }));
    await queue.claim({ reviewer: "ada", leaseMs: 50 });
    await queue.enqueue(sampleItem(2, { priority: 2 }));
    await wait(60);
    expect((await queue.list({ limit: 9, state: "waiting" })).map((item) => item.traceId)).toEqual([2, 1].map(traceId));
    expect((await mustClaim(queue, claimed)).item.traceId).toBe(traceId(2));
    expect((await mustClaim(queue, claimed)).item.traceId).toBe(traceId(1));
  });

  test("3: BullMQ's own check, which puts an expired job before all others, changes neither place nor count", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1, { priority: 500 }));
    await queue.claim({ reviewer: "ada", leaseMs: 50 });
    await queue.enqueue(sampleItem(2, { priority: 2 }));
    const stalled = vi.fn();
    const checking = worker({ stalledInterval: 40, maxStalledCount: 0 });
    checking.on("stalled", stalled);
    await checking.startStalledCheckTimer();
    await vi.waitFor(() => expect(stalled).toHaveBeenCalledWith(traceId(1), "active"));
    await checking.close(true);
    expect(await bare().getWaiting()).toHaveLength(1);
    expect((await mustClaim(queue, claimed)).item.traceId).toBe(traceId(2));
    expect(await queue.stats()).toMatchObject({ waiting: 1, claimed: 1, dead: 0, leasesExpired: 1 });
    expect((await mustClaim(queue, claimed)).item.traceId).toBe(traceId(1));
    expect(await bare().getWaiting()).toEqual([]);
  });

  test("4: a second abandoned claim does not fail the job, and one that is given up counts as failed", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    for (let time = 0; time < MAX_ABANDONED; time += 1) {
      expect(await queue.claim({ reviewer: "ada", leaseMs: 3 })).toBeDefined();
      await wait(6);
    }
    expect(await queue.stats()).toMatchObject({ dead: 1, leasesExpired: MAX_ABANDONED });
    const [job] = await bare().getFailed();
    expect(job).toMatchObject({ id: traceId(1), failedReason: "abandoned too often" });
  });

  test("5: a token is fresh for every claim, so that a reviewer's old tab cannot finish the newer claim", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    await queue.enqueue(sampleItem(2));
    const old = await mustClaim(queue, { reviewer: "ada", leaseMs: 30 });
    await wait(40);
    const current = await mustClaim(queue, { ...claimed, traceId: traceId(1) });
    expect(old.token).toMatch(/^[0-9a-f]{32}$/);
    expect(current.token).not.toBe(old.token);
    await expect(queue.decide(traceId(1), old.token)).rejects.toMatchObject(conflict);
    await queue.decide(traceId(1), current.token);
    // Deciding one does not take the next.
    expect(await bare().getJobCounts("active", "completed", "prioritized")).toEqual({
      active: 0,
      completed: 1,
      prioritized: 1,
    });
  });

  test("6: every job has a priority within BullMQ's range, so that none comes before the urgent ones", async () => {
    const queue = await open();
    const priorities = [1e12, Number.NaN, 0, -5, 1.4, 700_000];
    for (const [index, priority] of priorities.entries()) await queue.enqueue(sampleItem(index + 1, { priority }));
    const jobs = await bare().getPrioritized();
    expect(jobs.map((job) => job.opts.priority).toSorted((left = 0, right = 0) => left - right)).toEqual([
      1, 1, 1, 700_000, 2_097_151, 2_097_151,
    ]);
    expect(await bare().getWaiting()).toEqual([]);
    expect((await mustClaim(queue, claimed)).item.traceId).toBe(traceId(3));
  });

  test("7: the job's id is the trace's, a replay changes nothing, and an id that BullMQ cannot hold is refused", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const stored = () => server.command("HGETALL", `${prefix}:review:${traceId(1)}`);
    const before = await stored();
    expect(await queue.enqueue(sampleItem(1, { priority: 1, createdAt: 5 }))).toBe("known");
    expect(await stored()).toEqual(before);
    for (const id of ["tr:1", "17", ""]) {
      await expect(queue.enqueue(sampleItem(1, { traceId: id }))).rejects.toThrow(/cannot name a review item/);
    }
    expect(await queue.stats()).toMatchObject({ waiting: 1 });
  });

  test("8: with Redis down every verb is refused at once, and the queue works when Redis comes", async () => {
    const { port, release } = await occupyPort();
    await release();
    const redis = redisFor(`redis://127.0.0.1:${port}`);
    const queue = createBullmqQueue({ redis });
    const before = performance.now();
    await expect(queue.enqueue(sampleItem(1))).rejects.toMatchObject({ code: "review_unavailable" });
    expect(performance.now() - before).toBeLessThan(200);
    const late = await startRedis({ args: ["--port", `${port}`] });
    onTestFinished(() => late.stop());
    await answering(redis);
    // Nothing was kept back to be sent later.
    expect(await queue.stats()).toMatchObject({ waiting: 0 });
    expect(await queue.enqueue(sampleItem(1))).toBe("added");
    await queue.close();
  });

  test("9: a Redis that forgets or evicts is warned about when the connection is made", async () => {
    const careless = await startRedis({ args: ["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"] });
    onTestFinished(() => careless.stop());
    const warn = vi.fn();
    redisFor(careless.url, { log: { info() {}, warn } });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2));
    const said = warn.mock.calls.map((call) => String(call[1])).join("\n");
    expect(said).toMatch(/set appendonly yes/);
    expect(said).toMatch(/set maxmemory-policy noeviction/);
  });

  test("10: job data hold the id and nothing else, and no text reaches Redis even if a caller hands it in", async () => {
    const queue = await open();
    await queue.enqueue({ ...sampleItem(1), prompt: "a secret sentence" } as never);
    expect((await bare().getJob(traceId(1)))?.data).toEqual({ traceId: traceId(1) });
    for (const key of (await server.command("KEYS", "*")) as string[]) {
      expect(key).not.toContain("secret");
      const type = await server.command("TYPE", key);
      if (type === "hash") expect(await server.command("HVALS", key)).not.toContain("a secret sentence");
      if (type === "hash") expect(JSON.stringify(await server.command("HGETALL", key))).not.toContain("secret");
    }
  });

  test("11: the queue holds no verdict, so a wiped one is filled again and contradicts nobody", async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const queue = await queueFor(own.url, "wiped");
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, claimed);
    await own.flush();
    await expect(queue.decide(traceId(1), token)).rejects.toMatchObject(conflict);
    expect(await queue.get(traceId(1))).toBeUndefined();
    expect(await queue.enqueue(sampleItem(1))).toBe("added");
    await queue.decide(traceId(1), (await mustClaim(queue, claimed)).token);
    const job = await own.command("HGETALL", `wiped:review:${traceId(1)}`);
    expect(JSON.stringify(job)).toContain('"returnvalue","null"');
  });

  test("12: an expired claimant fails on deciding and on giving back, before and after someone else has the item", async () => {
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs: 30 });
    await wait(40);
    const tryAll = async () => {
      const next = { stage: "escalated", excluded: ["bo"] } as const;
      await expect(queue.decide(traceId(1), token)).rejects.toMatchObject(conflict);
      await expect(queue.release(traceId(1), token)).rejects.toMatchObject(conflict);
      await expect(queue.passOn(traceId(1), token, next)).rejects.toMatchObject(conflict);
      await expect(queue.heartbeat(traceId(1), token, 1_000)).rejects.toMatchObject(conflict);
    };
    await tryAll();
    const other = await mustClaim(queue, { reviewer: "bo", leaseMs: 60_000 });
    await tryAll();
    expect(await queue.get(traceId(1))).toEqual(other.item);
    expect(other.item).toMatchObject({ stage: "first", excluded: [] });
    await queue.decide(traceId(1), other.token);
    await tryAll();
    expect(await queue.stats()).toMatchObject({ decided: 1, leasesExpired: 1 });
  });

  test("13: the major version is pinned, and BullMQ's own counts agree with the queue's in every state", async () => {
    const root = new URL("../../", import.meta.url);
    const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies["bullmq"]).toMatch(/^[\^~]?6\./);
    const queue = await open();
    for (let number = 1; number <= 6; number += 1) await queue.enqueue(sampleItem(number));
    const claims = [1, 2, 3, 4].map(() => mustClaim(queue, claimed));
    const [first, second, third] = await Promise.all(claims);
    if (first === undefined || second === undefined || third === undefined) throw new Error("not claimed");
    await queue.decide(first.item.traceId, first.token);
    await queue.decide(second.item.traceId, second.token);
    await queue.release(third.item.traceId, third.token);
    await queue.reopen(second.item.traceId, { stage: "second", excluded: [] });
    expect(await queue.stats()).toMatchObject({ waiting: 4, claimed: 1, decided: 1, dead: 0 });
    const counts = await bare().getJobCounts("prioritized", "active", "completed", "failed", "waiting", "delayed");
    expect(counts).toEqual({ prioritized: 4, active: 1, completed: 1, failed: 0, waiting: 0, delayed: 0 });
    for (const [number, state] of [
      [first.item.traceId, "completed"],
      [second.item.traceId, "prioritized"],
      [third.item.traceId, "prioritized"],
    ] as const) {
      expect(await bare().getJobState(number)).toBe(state);
    }
  });
});
