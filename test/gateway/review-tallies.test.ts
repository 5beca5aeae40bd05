import { expect, test } from "vitest";
import { createTallies } from "../../src/gateway/review-tallies.ts";

test("everything starts at 0 and counts on", () => {
  const keeper = createTallies();
  expect(keeper.tallies).toEqual({ redisFailures: {}, joined: { repeated: 0, flood: 0 }, dropped: 0 });
  for (const operation of ["enqueue", "enqueue", "epoch"]) keeper.redisFailed(operation);
  keeper.joined("flood");
  keeper.dropped();
  expect(keeper.tallies).toEqual({
    redisFailures: { enqueue: 2, epoch: 1 },
    joined: { repeated: 0, flood: 1 },
    dropped: 1,
  });
});
