import { expect, test } from "vitest";
import { setUpMetrics } from "./metrics-rig.ts";

test("what waits on disk, what joined and what failed is counted", async () => {
  const { read } = setUpMetrics();
  expect(await read("oversight_spool_records")).toBe(6);
  expect(await read("oversight_spool_dropped_total")).toBe(1);
  expect(await read("oversight_review_joined_total", { reason: "repeated" })).toBe(8);
  expect(await read("oversight_review_joined_total", { reason: "flood" })).toBe(2);
  expect(await read("oversight_redis_failures_total", { op: "enqueue" })).toBe(3);
});

test("recall has its bounds, unknown ones are as wide as can be, and waits are counted once", async () => {
  const waits = [[90_000], []];
  const { read, metrics } = setUpMetrics({
    recall: async () => [
      { detector: "country-channel", recall: { lower: 0.25, point: 0.5, upper: 0.75 } },
      { detector: "audit-approval", recall: null },
    ],
    reviewWaits: async () => waits.shift() ?? [],
  });
  const recall = (detector: string, bound: string) => read("oversight_recall_estimate", { detector, bound });
  expect(await read("oversight_review_wait_seconds_sum")).toBe(90);
  expect(await read("oversight_review_wait_seconds_count")).toBe(1);
  expect(await recall("country-channel", "point")).toBe(0.5);
  expect(await recall("audit-approval", "lower")).toBe(0);
  expect(await recall("audit-approval", "upper")).toBe(1);
  expect((await metrics.render()).body).toMatch(
    /oversight_recall_estimate\{detector="audit-approval",bound="point"\} nan/i,
  );
});
