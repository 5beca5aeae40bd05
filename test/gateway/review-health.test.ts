import { expect, test } from "vitest";
import { readReviewHealth, type HealthParts } from "../../src/gateway/review-health.ts";

const SINCE = Date.UTC(2030, 0, 1);

function read(changes: {
  waiting?: number;
  reachable?: boolean;
  failing?: boolean;
  config?: Partial<HealthParts["config"]>;
}) {
  const { waiting = 0, reachable = true, failing = false, config = {} } = changes;
  return readReviewHealth({
    config: { driver: "bullmq", outboxLimit: 10, whenFull: "refuse", ...config },
    outbox: { waiting: () => waiting },
    pump: { status: () => ({ failing, since: failing ? SINCE : null, lastError: failing ? "at 10.0.0.1" : null }) },
    reach: () => ({ reachable, since: SINCE }),
  });
}

test("a queue that takes everything is fine", () => {
  expect(read({})).toEqual({ queue: "bullmq", state: "fine", outbox: { waiting: 0, limit: 10 }, refuses: false });
});

test("a queue that does not answer, or answers and takes nothing, is told with the moment and without the cause", () => {
  const since = "2030-01-01T00:00:00.000Z";
  expect(read({ reachable: false, waiting: 3 })).toMatchObject({ state: "unreachable", since, refuses: false });
  expect(read({ failing: true, waiting: 3 })).toMatchObject({ state: "failing", since, refuses: false });
  expect(JSON.stringify(read({ failing: true }))).not.toContain("10.0.0.1");
});

test("only a full outbox whose policy refuses keeps the gateway from being ready", () => {
  expect(read({ waiting: 10 }).refuses).toBe(true);
  expect(read({ waiting: 9 }).refuses).toBe(false);
  expect(read({ waiting: 10, config: { whenFull: "drop" } }).refuses).toBe(false);
});
