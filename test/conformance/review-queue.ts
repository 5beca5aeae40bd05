import { describe, expect, test } from "vitest";
import type { Claim, ReviewQueue } from "../../src/queue/queue.ts";
import { describeCrowd } from "./review-queue-crowd.ts";
import { describeReturn } from "./review-queue-return.ts";
import { describeRemoval } from "./review-queue-removal.ts";
import { describeJoining, describeListing, describeStages } from "./review-queue-verbs.ts";
import { AWKWARD_TEXT, sampleItem, sampleQueuedItem, traceId } from "./samples.ts";

/** `open` gives another handle on the same queue, as another process would hold; `passTime` lets that many milliseconds pass for all handles. */
export interface ReviewQueueFactory {
  open(): Promise<ReviewQueue>;
  passTime(milliseconds: number): Promise<void>;
  /** The shortest lease that the suite may wait for. */
  readonly leaseMs: number;
}

/** Claims, or ends the test. */
export async function mustClaim(queue: ReviewQueue, options: Parameters<ReviewQueue["claim"]>[0]): Promise<Claim> {
  const claim = await queue.claim(options);
  if (claim === undefined) throw new Error("nothing to claim");
  return claim;
}

/** What every review queue does. */
export function describeReviewQueue(name: string, setUp: () => ReviewQueueFactory): void {
  describe(`${name} as a review queue`, () => {
    describeItems(setUp);
    describeClaims(setUp);
    describeLeases(setUp);
    describeStages(setUp);
    describeJoining(setUp);
    describeListing(setUp);
    describeRemoval(setUp);
    describeReturn(setUp);
    describeCrowd(setUp);
  });
}

function describeItems(setUp: () => ReviewQueueFactory): void {
  test("enqueueing the same trace twice keeps the first item and says so", async () => {
    const queue = await setUp().open();
    expect(await queue.enqueue(sampleItem(1))).toBe("added");
    expect(await queue.enqueue(sampleItem(1, { priority: 1, detector: "other" }))).toBe("known");
    expect(await queue.list({ limit: 10 })).toEqual([sampleQueuedItem(1)]);
  });

  test("a decided trace is not queued again", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    await queue.decide(traceId(1), (await mustClaim(queue, { reviewer: "ada", leaseMs })).token);
    expect(await queue.enqueue(sampleItem(1))).toBe("known");
    expect(await queue.claim({ reviewer: "ada", leaseMs })).toBeUndefined();
  });

  test("items are listed by priority, then age, filtered by state and cut by limit and offset", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    for (const [number, priority] of [
      [1, 500],
      [2, 1_000_000],
      [3, 1],
      [4, 500],
    ] as const) {
      await queue.enqueue(sampleItem(number, { priority }));
    }
    const ids = async (options: Parameters<ReviewQueue["list"]>[0]) =>
      (await queue.list(options)).map((item) => item.traceId);
    expect(await ids({ limit: 10 })).toEqual([3, 1, 4, 2].map(traceId));
    expect(await ids({ limit: 2, offset: 1 })).toEqual([1, 4].map(traceId));
    await queue.claim({ reviewer: "ada", leaseMs });
    expect(await ids({ limit: 10, state: "waiting" })).toEqual([1, 4, 2].map(traceId));
    expect(await ids({ limit: 10, state: "claimed" })).toEqual([traceId(3)]);
    expect(await ids({ limit: 10, state: "decided" })).toEqual([]);
  });

  test("an unknown trace has no item and cannot be claimed", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    expect(await queue.get(traceId(9))).toBeUndefined();
    expect(await queue.claim({ reviewer: "ada", leaseMs, traceId: traceId(9) })).toBeUndefined();
  });

  test("the counts follow the items and the oldest waiting age ignores the others", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    expect(await queue.stats()).toEqual({
      waiting: 0,
      claimed: 0,
      decided: 0,
      dead: 0,
      oldestWaitingMs: 0,
      leasesExpired: 0,
    });
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number, { createdAt: Date.now() - 60_000 }));
    await queue.claim({ reviewer: "ada", leaseMs });
    const second = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await queue.decide(second.item.traceId, second.token);
    const stats = await queue.stats();
    expect(stats).toMatchObject({ waiting: 1, claimed: 1, decided: 1, leasesExpired: 0 });
    expect(stats.oldestWaitingMs).toBeGreaterThanOrEqual(60_000);
    expect(stats.oldestWaitingMs).toBeLessThan(120_000);
  });
}

function describeClaims(setUp: () => ReviewQueueFactory): void {
  test("a claim takes the most urgent item, names its holder, and hides it from the next claimant", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1, { priority: 900 }));
    await queue.enqueue(sampleItem(2, { priority: 2 }));
    const claim = await mustClaim(queue, { reviewer: AWKWARD_TEXT, leaseMs });
    expect(claim.item).toMatchObject({
      traceId: traceId(2),
      state: "claimed",
      claimedBy: AWKWARD_TEXT,
      leaseUntil: claim.leaseUntil,
    });
    expect(await queue.get(traceId(2))).toEqual(claim.item);
    expect((await mustClaim(queue, { reviewer: "bo", leaseMs })).item.traceId).toBe(traceId(1));
    expect(await queue.claim({ reviewer: "bo", leaseMs })).toBeUndefined();
  });

  test("a named item is claimed when it waits, and only then", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    for (const number of [1, 2]) await queue.enqueue(sampleItem(number));
    expect((await mustClaim(queue, { reviewer: "ada", leaseMs, traceId: traceId(2) })).item.traceId).toBe(traceId(2));
    expect(await queue.claim({ reviewer: "bo", leaseMs, traceId: traceId(2) })).toBeUndefined();
  });

  test("a released item waits again, and the old token is worth nothing", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await queue.release(traceId(1), token);
    expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", claimedBy: null, leaseUntil: null });
    const next = await mustClaim(queue, { reviewer: "ada", leaseMs });
    expect(next.token).not.toBe(token);
    await expectLost(queue, token);
    expect(await queue.get(traceId(1))).toMatchObject({ state: "claimed" });
  });

  test("a wrong token fails on every verb and leaves the claim as it is", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const claim = await mustClaim(queue, { reviewer: "ada", leaseMs });
    for (const token of ["wrong", "", claim.token.slice(1)]) await expectLost(queue, token);
    expect(await queue.get(traceId(1))).toEqual(claim.item);
  });

  test("a decided item takes no verb any more", async () => {
    const { open, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await queue.decide(traceId(1), token);
    await expectLost(queue, token);
    expect(await queue.get(traceId(1))).toMatchObject({ state: "decided", claimedBy: null, leaseUntil: null });
  });
}

function describeLeases(setUp: () => ReviewQueueFactory): void {
  test("an item whose lease ran out waits again, is counted, and its old claimant fails on every verb", async () => {
    const { open, passTime, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await passTime(leaseMs + 1);
    await expectLost(queue, token);
    expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", claimedBy: null });
    expect(await queue.stats()).toMatchObject({ waiting: 1, claimed: 0, leasesExpired: 1 });
    const next = await mustClaim(queue, { reviewer: "bo", leaseMs });
    await expectLost(queue, token);
    await queue.decide(traceId(1), next.token);
    expect((await (await open()).stats()).leasesExpired).toBe(1);
  });

  test("an expired item can be claimed by another handle without anyone looking first", async () => {
    const { open, passTime, leaseMs } = setUp();
    const [first, second] = [await open(), await open()];
    await first.enqueue(sampleItem(1));
    await first.claim({ reviewer: "ada", leaseMs });
    expect(await second.claim({ reviewer: "bo", leaseMs })).toBeUndefined();
    await passTime(leaseMs + 1);
    expect((await mustClaim(second, { reviewer: "bo", leaseMs })).item.claimedBy).toBe("bo");
  });

  test("a heartbeat carries a claim past its first lease", async () => {
    const { open, passTime, leaseMs } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const { token, leaseUntil } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await passTime(leaseMs / 2);
    const extended = await queue.heartbeat(traceId(1), token, leaseMs * 2);
    expect(extended).toBeGreaterThan(leaseUntil);
    expect((await queue.get(traceId(1)))?.leaseUntil).toBe(extended);
    await passTime(leaseMs);
    await queue.decide(traceId(1), token);
    expect(await queue.stats()).toMatchObject({ decided: 1, leasesExpired: 0 });
  });
}

/** Every verb that needs a claim on the first item fails with this token. */
export async function expectLost(queue: ReviewQueue, token: string): Promise<void> {
  await expect(queue.heartbeat(traceId(1), token, 1_000)).rejects.toMatchObject({ code: "conflict" });
  await expect(queue.release(traceId(1), token)).rejects.toMatchObject({ code: "conflict" });
  await expect(queue.decide(traceId(1), token)).rejects.toMatchObject({ code: "conflict" });
  const next = { stage: "escalated", excluded: [] } as const;
  await expect(queue.passOn(traceId(1), token, next)).rejects.toMatchObject({ code: "conflict" });
}
