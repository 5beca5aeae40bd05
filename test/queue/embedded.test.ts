import { expect, test } from "vitest";
import { describeReviewQueue } from "../conformance/review-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { openDatabase } from "../../src/trace/database.ts";

describeReviewQueue("the embedded queue", () => {
  const folder = temporaryFolder();
  let passedMs = 0;
  return {
    leaseMs: 60_000,
    open: async () => createEmbeddedQueue({ database: openDatabase({ folder }), clock: () => Date.now() + passedMs }),
    passTime: async (milliseconds) => {
      passedMs += milliseconds;
    },
  };
});

test("a claim's token is what the source of randomness gave, fresh for every claim", async () => {
  let drawn = 0;
  const queue = createEmbeddedQueue({
    database: openDatabase({ folder: temporaryFolder() }),
    clock: () => 1_000,
    randomToken: () => `token ${(drawn += 1)}`,
  });
  await queue.enqueue(sampleItem(1));
  await queue.enqueue(sampleItem(2));
  expect(await queue.claim({ reviewer: "ada", leaseMs: 500 })).toMatchObject({ token: "token 1", leaseUntil: 1_500 });
  expect(await queue.claim({ reviewer: "ada", leaseMs: 500 })).toMatchObject({ token: "token 2" });
});

test("closing the queue leaves the shared connection open", async () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const queue = createEmbeddedQueue({ database });
  await queue.enqueue(sampleItem(1));
  await queue.close();
  expect(await createEmbeddedQueue({ database }).get(traceId(1))).toMatchObject({ state: "waiting" });
});
