import { expect, test } from "vitest";
import type { ReviewQueueFactory } from "./review-queue.ts";
import { sampleItem, traceId } from "./samples.ts";

const ITEMS = 1_000;
const allIds = () => Array.from({ length: ITEMS }, (_, index) => traceId(index + 1));

/** Many at once on two handles, as two gateways with four reviewers each. */
export function describeCrowd(setUp: () => ReviewQueueFactory): void {
  test("eight claimants on two handles decide each of 1,000 items exactly once", async () => {
    const { open } = setUp();
    const handles = [await open(), await open()] as const;
    await Promise.all(
      [0, 1].map(async (first) => {
        for (let number = 1 + first; number <= ITEMS; number += 2) {
          await handles[first === 0 ? 0 : 1].enqueue(sampleItem(number, { priority: 1 + (number % 7) }));
        }
      }),
    );
    const decided: string[] = [];
    const claimant = async (index: number) => {
      const queue = handles[index % 2 === 0 ? 0 : 1];
      for (;;) {
        const claim = await queue.claim({ reviewer: `reviewer ${index}`, leaseMs: 60_000 });
        if (claim === undefined) return;
        await new Promise(setImmediate);
        await queue.decide(claim.item.traceId, claim.token);
        decided.push(claim.item.traceId);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => claimant(index)));
    expect(decided.toSorted()).toEqual(allIds());
    expect(await handles[0].stats()).toMatchObject({ waiting: 0, claimed: 0, decided: ITEMS, leasesExpired: 0 });
  });

  test("eight handles that enqueue the same 100 traces make 100 items, and each is said to be added", async () => {
    const { open } = setUp();
    const handles = await Promise.all(Array.from({ length: 8 }, () => open()));
    const said = await Promise.all(
      handles.map(async (queue) => {
        const added: string[] = [];
        for (let number = 1; number <= 100; number += 1) {
          if ((await queue.enqueue(sampleItem(number))) === "added") added.push(traceId(number));
        }
        return added;
      }),
    );
    expect(await handles[0]?.stats()).toMatchObject({ waiting: 100 });
    expect(new Set(said.flat()).size).toBe(100);
  });

  test("fifty traces that are alike, from four handles at once, become one item", async () => {
    const { open } = setUp();
    const handles = await Promise.all(Array.from({ length: 4 }, () => open()));
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        handles[index % 4]?.enqueue(sampleItem(index + 1, { repetition: "same" })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "added")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "joined")).toHaveLength(49);
    const [item] = (await handles[0]?.list({ limit: 10 })) ?? [];
    expect(item).toMatchObject({ count: 50 });
    expect(await handles[0]?.stats()).toMatchObject({ waiting: 1 });
  });
}
