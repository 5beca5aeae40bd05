import { expect, test } from "vitest";
import { mustClaim, type ReviewQueueFactory } from "./review-queue.ts";
import { sampleItem, traceId } from "./samples.ts";

const leaseMs = 60_000;

/** Taking traces out. */
export function describeRemoval(setUp: () => ReviewQueueFactory): void {
  test("a removed item is nowhere, in whatever state it was, and its trace would be an item again", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number));
    await queue.decide(traceId(1), (await mustClaim(queue, { reviewer: "ada", leaseMs })).token);
    const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs });
    for (const number of [1, 2, 3, 9]) await queue.remove(traceId(number));
    expect(await queue.list({ limit: 9 })).toEqual([]);
    expect(await queue.stats()).toMatchObject({ waiting: 0, claimed: 0, decided: 0, dead: 0, oldestWaitingMs: 0 });
    expect(await queue.claim({ reviewer: "bo", leaseMs })).toBeUndefined();
    for (const verb of ["release", "decide"] as const)
      await expect(queue[verb](traceId(2), token)).rejects.toMatchObject({ code: "conflict" });
    expect([await queue.get(traceId(1)), await queue.itemOf(traceId(2))]).toEqual([undefined, undefined]);
    expect(await queue.enqueue(sampleItem(2))).toBe("added");
  });

  test("a trace that had joined leaves its item, which waits on", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number, { repetition: "alike" }));
    await queue.remove(traceId(2));
    expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", count: 2 });
    expect(await queue.members(traceId(1), 9)).toEqual([1, 3].map(traceId));
    expect(await queue.itemOf(traceId(2))).toBeUndefined();
  });

  test("traces of a removed item are free to become items, and what is alike joins them", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2, 3]) await queue.enqueue(sampleItem(number, { repetition: "alike" }));
    await queue.remove(traceId(1));
    expect(await queue.enqueue(sampleItem(2, { repetition: "alike" }))).toBe("added");
    expect(await queue.enqueue(sampleItem(3, { repetition: "alike" }))).toBe("joined");
    expect(await queue.get(traceId(2))).toMatchObject({ state: "waiting", count: 2 });
  });
}
