import { expect, test } from "vitest";
import { MAX_ABANDONED, type ReviewQueue } from "../../src/queue/queue.ts";
import { mustClaim, type ReviewQueueFactory } from "./review-queue.ts";
import { AWKWARD_TEXT, sampleItem, sampleQueuedItem, traceId } from "./samples.ts";

const leaseMs = 60_000;
const claimIds = async (queue: ReviewQueue, options: Partial<Parameters<ReviewQueue["claim"]>[0]> = {}) =>
  (await queue.claim({ reviewer: "ada", leaseMs, ...options }))?.item.traceId;

/** Passing on, opening again, dying and being revived. */
export function describeStages(setUp: () => ReviewQueueFactory): void {
  test("an item passed on for a second opinion waits for anyone but those who gave one", async () => {
    const queue = await setUp().open();
    await queue.enqueue(sampleItem(1));
    const { token } = await mustClaim(queue, { reviewer: AWKWARD_TEXT, leaseMs });
    await queue.passOn(traceId(1), token, { stage: "second", excluded: [AWKWARD_TEXT, "bo"] });
    const waiting = sampleQueuedItem(1, { stage: "second", excluded: [AWKWARD_TEXT, "bo"] });
    expect(await queue.get(traceId(1))).toEqual(waiting);
    for (const reviewer of [AWKWARD_TEXT, "bo"]) {
      expect(await claimIds(queue, { reviewer })).toBeUndefined();
      expect(await claimIds(queue, { reviewer, traceId: traceId(1) })).toBeUndefined();
    }
    expect(await claimIds(queue, { reviewer: "b" })).toBe(traceId(1));
  });

  test("an escalated item is claimed by who asks for that stage or names it, and by no one else", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2]) await queue.enqueue(sampleItem(number));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await queue.passOn(traceId(1), token, { stage: "escalated", excluded: [] });
    expect(await claimIds(queue)).toBe(traceId(2));
    expect(await claimIds(queue)).toBeUndefined();
    const lead = await mustClaim(queue, { reviewer: "lee", leaseMs, stages: ["escalated"] });
    expect(lead.item).toMatchObject({ traceId: traceId(1), stage: "escalated" });
    await queue.release(traceId(1), lead.token);
    expect(await claimIds(queue, { traceId: traceId(1), stages: ["first"] })).toBeUndefined();
    expect(await claimIds(queue, { traceId: traceId(1) })).toBe(traceId(1));
  });

  test("a decided item that is opened again waits in its place, and is decided by a new claim only", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2]) await queue.enqueue(sampleItem(number));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await queue.decide(traceId(1), token);
    await queue.reopen(traceId(1), { stage: "second", excluded: ["ada"] });
    expect(await queue.get(traceId(1))).toEqual(sampleQueuedItem(1, { stage: "second", excluded: ["ada"] }));
    await expect(queue.decide(traceId(1), token)).rejects.toMatchObject({ code: "conflict" });
    expect(await queue.stats()).toMatchObject({ waiting: 2, decided: 0 });
    expect(await claimIds(queue)).toBe(traceId(2));
    const next = await mustClaim(queue, { reviewer: "bo", leaseMs });
    await queue.decide(traceId(1), next.token);
    expect(await queue.stats()).toMatchObject({ waiting: 0, claimed: 1, decided: 1 });
  });

  test("an item that waits, is claimed or is not there cannot be opened again", async () => {
    const queue = await setUp().open();
    const reopen = (number: number) => queue.reopen(traceId(number), { stage: "first", excluded: [] });
    await queue.enqueue(sampleItem(1));
    await expect(reopen(1)).rejects.toMatchObject({ code: "conflict" });
    const claim = await mustClaim(queue, { reviewer: "ada", leaseMs });
    await expect(reopen(1)).rejects.toMatchObject({ code: "conflict" });
    await expect(reopen(9)).rejects.toMatchObject({ code: "conflict" });
    expect(await queue.get(traceId(1))).toEqual(claim.item);
  });

  test("an item abandoned too often is dead until it is revived, and then has as many chances again", async () => {
    const { open, passTime } = setUp();
    const queue = await open();
    await queue.enqueue(sampleItem(1));
    const abandon = async (times: number) => {
      for (let time = 0; time < times; time += 1) {
        expect(await claimIds(queue, { leaseMs: 2 })).toBe(traceId(1));
        await passTime(5);
      }
    };
    await abandon(MAX_ABANDONED);
    expect(await queue.get(traceId(1))).toEqual(sampleQueuedItem(1, { state: "dead" }));
    expect(await claimIds(queue)).toBeUndefined();
    expect(await claimIds(queue, { traceId: traceId(1) })).toBeUndefined();
    expect(await queue.enqueue(sampleItem(1))).toBe("known");
    expect(await queue.list({ limit: 9, state: "dead" })).toHaveLength(1);
    expect(await queue.stats()).toMatchObject({ dead: 1, waiting: 0, claimed: 0, leasesExpired: MAX_ABANDONED });
    await queue.reopen(traceId(1), { stage: "first", excluded: [] });
    await abandon(MAX_ABANDONED - 1);
    expect(await queue.stats()).toMatchObject({ dead: 0, waiting: 1 });
  });
}

/** Traces that are alike. */
export function describeJoining(setUp: () => ReviewQueueFactory): void {
  const alike = (number: number) => sampleItem(number, { repetition: "alike" });

  test("traces that are alike join the item that is not decided yet", async () => {
    const queue = await setUp().open();
    expect(await queue.enqueue(alike(3))).toBe("added");
    expect(await queue.enqueue(alike(1))).toBe("joined");
    const claim = await mustClaim(queue, { reviewer: "ada", leaseMs });
    expect(await queue.enqueue(alike(2))).toBe("joined");
    expect(await queue.enqueue(alike(1))).toBe("known");
    expect(await queue.get(traceId(3))).toMatchObject({ count: 3, state: "claimed" });
    expect(await queue.get(traceId(1))).toBeUndefined();
    expect(await queue.list({ limit: 9 })).toHaveLength(1);
    expect(await queue.members(traceId(3), 9)).toEqual([1, 2, 3].map(traceId));
    expect(await queue.members(traceId(3), 2)).toEqual([1, 2].map(traceId));
    expect(await Promise.all([1, 3, 9].map((number) => queue.itemOf(traceId(number))))).toEqual([
      traceId(3),
      traceId(3),
      undefined,
    ]);
    await queue.decide(traceId(3), claim.token);
    expect(await queue.enqueue(alike(2))).toBe("known");
  });

  test("after the decision the next trace is an item of its own, and an item opened again takes more traces", async () => {
    const queue = await setUp().open();
    await queue.enqueue(alike(1));
    await queue.decide(traceId(1), (await mustClaim(queue, { reviewer: "ada", leaseMs })).token);
    expect(await queue.enqueue(alike(2))).toBe("added");
    await queue.decide(traceId(2), (await mustClaim(queue, { reviewer: "ada", leaseMs })).token);
    await queue.reopen(traceId(1), { stage: "first", excluded: [] });
    expect(await queue.enqueue(alike(3))).toBe("joined");
    expect(await queue.itemOf(traceId(3))).toBe(traceId(1));
    expect(await queue.enqueue(sampleItem(4, { repetition: "other" }))).toBe("added");
  });

  test("a dead item still takes what is alike", async () => {
    const { open, passTime } = setUp();
    const queue = await open();
    await queue.enqueue(alike(1));
    for (let time = 0; time < MAX_ABANDONED; time += 1) {
      await queue.claim({ reviewer: "ada", leaseMs: 2 });
      await passTime(5);
    }
    expect(await queue.enqueue(alike(2))).toBe("joined");
    expect(await queue.get(traceId(1))).toMatchObject({ state: "dead", count: 2 });
  });
}

/** Filters of claims and lists. */
export function describeListing(setUp: () => ReviewQueueFactory): void {
  test("a claim takes only what is asked for by detector", async () => {
    const queue = await setUp().open();
    await queue.enqueue(sampleItem(1, { priority: 1, detector: "audit" }));
    await queue.enqueue(sampleItem(2, { priority: 9, detector: "an 'audit'" }));
    expect(await claimIds(queue, { detectors: [] })).toBeUndefined();
    expect(await claimIds(queue, { detectors: ["aud", "x"] })).toBeUndefined();
    expect(await claimIds(queue, { detectors: ["x", "an 'audit'"] })).toBe(traceId(2));
    expect(await claimIds(queue, { traceId: traceId(1), detectors: ["x"] })).toBeUndefined();
    expect(await claimIds(queue, { traceId: traceId(1), detectors: ["audit"] })).toBe(traceId(1));
  });

  test("among equally urgent items the oldest is first, whatever came in first and whatever was given back", async () => {
    const queue = await setUp().open();
    const order = [5, 1, 4, 2, 3];
    for (const number of order)
      await queue.enqueue(sampleItem(number, { createdAt: 1_700_000_000_000 + number * 700 }));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs, traceId: traceId(3) });
    await queue.release(traceId(3), token);
    const claimed: (string | undefined)[] = [];
    for (const _ of order) claimed.push(await claimIds(queue));
    expect(claimed).toEqual([1, 2, 3, 4, 5].map(traceId));
  });

  test("lists are filtered by every field, alone and together", async () => {
    const queue = await setUp().open();
    await queue.enqueue(sampleItem(1, { detector: "audit", action: "flag", model: AWKWARD_TEXT }));
    await queue.enqueue(sampleItem(2, { detector: "audit" }));
    await queue.enqueue(sampleItem(3, { action: "flag", createdAt: 1_800_000_000_000 }));
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs, traceId: traceId(2) });
    await queue.passOn(traceId(2), token, { stage: "escalated", excluded: ["ada"] });
    const numbers = async (filter: Omit<Parameters<ReviewQueue["list"]>[0], "limit">) =>
      (await queue.list({ limit: 9, ...filter })).map((item) => Number.parseInt(item.traceId.slice(3), 16));
    expect(await numbers({ detector: "audit" })).toEqual([1, 2]);
    expect(await numbers({ action: "flag" })).toEqual([1, 3]);
    expect(await numbers({ model: AWKWARD_TEXT })).toEqual([1]);
    expect(await numbers({ stage: "escalated" })).toEqual([2]);
    expect(await numbers({ createdBefore: 1_700_000_000_002 })).toEqual([1, 2]);
    expect(await numbers({ createdBefore: 1_700_000_000_001 })).toEqual([1]);
    expect(await numbers({ state: "waiting", action: "flag", detector: "audit" })).toEqual([1]);
    expect(await numbers({ state: "claimed", action: "flag" })).toEqual([]);
    expect(await numbers({ action: "flag", offset: 1 })).toEqual([3]);
  });

  test("a list pages through more items than one look takes, in every state", async () => {
    const queue = await setUp().open();
    for (let number = 1; number <= 600; number += 1) {
      await queue.enqueue(sampleItem(number, { detector: number % 2 === 0 ? "even" : "odd" }));
    }
    const last = await queue.list({ limit: 3, offset: 297, detector: "even", state: "waiting" });
    expect(last.map((item) => item.traceId)).toEqual([596, 598, 600].map(traceId));
    expect(await queue.list({ limit: 10, offset: 595 })).toHaveLength(5);
    for (let time = 0; time < 3; time += 1) {
      const { item, token } = await mustClaim(queue, { reviewer: "ada", leaseMs, detectors: ["even"] });
      await queue.decide(item.traceId, token);
    }
    const decided = await queue.list({ limit: 2, offset: 1, state: "decided" });
    expect(decided.map((item) => item.traceId)).toEqual([4, 6].map(traceId));
  });
}
