import { expect, test } from "vitest";
import { floodOf } from "../../src/queue/queue.ts";
import { mustClaim, type ReviewQueueFactory } from "./review-queue.ts";
import { sampleItem, traceId } from "./samples.ts";

const leaseMs = 60_000;
const alike = (number: number) => sampleItem(number, { repetition: "alike" });

/** Traces of which a queue is told what they were before it lost them. */
export function describeReturn(setUp: () => ReviewQueueFactory): void {
  test("an item that was lost is there again at its stage, apart from those that are alike", async () => {
    const queue = await setUp().open();
    await queue.enqueue(alike(2));
    const next = { stage: "second", excluded: ["ada", 'a "quoted" name'] } as const;
    expect(await queue.enqueue(alike(1), { item: traceId(1), next })).toBe("added");
    expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", ...next, count: 1 });
    expect(await queue.claim({ traceId: traceId(1), reviewer: "ada", leaseMs })).toBeUndefined();
    const again = { item: traceId(1), next: { stage: "escalated", excluded: [] } } as const;
    expect(await queue.enqueue(alike(1), again)).toBe("known");
    expect(await queue.get(traceId(1))).toMatchObject(next);
  });

  test("a trace belongs to the item that it had joined, decided or not, and joins as any other where that is gone", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2]) await queue.enqueue(alike(number), { item: traceId(number) });
    expect(await queue.enqueue(alike(3), { item: traceId(2) })).toBe("joined");
    expect(await queue.itemOf(traceId(3))).toBe(traceId(2));
    await queue.decide(traceId(1), (await mustClaim(queue, { traceId: traceId(1), reviewer: "ada", leaseMs })).token);
    expect(await queue.enqueue(alike(4), { item: traceId(1) })).toBe("joined");
    expect(await queue.members(traceId(1), 9)).toEqual([1, 4].map(traceId));
    expect(await queue.enqueue(alike(5), { item: traceId(9) })).toBe("joined");
    expect(await queue.itemOf(traceId(5))).toBe(traceId(2));
  });

  test("which traces joined which item is told of many at once, and whether they are alike", async () => {
    const queue = await setUp().open();
    for (const number of [1, 2]) await queue.enqueue(alike(number));
    for (const number of [3, 4]) await queue.enqueue(sampleItem(number, { repetition: floodOf("x") }));
    expect(await queue.joined([1, 2, 3, 4, 9].map(traceId))).toEqual(
      new Map([
        [traceId(2), { item: traceId(1), alike: true }],
        [traceId(4), { item: traceId(3), alike: false }],
      ]),
    );
    expect(await queue.joined([])).toEqual(new Map());
    expect(await queue.joined(Array.from({ length: 1_001 }, (_, index) => traceId(index + 2)))).toHaveProperty(
      "size",
      2,
    );
  });
}
