import type { RedisHandle } from "../trace/redis.ts";
import { lazyQueue } from "./bullmq.ts";
import { JOB_STATES, QUEUE_NAMES } from "./queue.ts";

/** What BullMQ itself counts of one queue. */
export interface JobCounts {
  readonly queue: (typeof QUEUE_NAMES)[number];
  readonly jobs: Readonly<Record<(typeof JOB_STATES)[number], number>>;
  /** Since the queue was made, those that were removed since included. */
  readonly completed: number;
  readonly failed: number;
}

/** Reads the counts of both queues in Redis. */
export interface JobCounter {
  /** Waits no longer than a call to Redis may; throws `GatewayError` `review_unavailable`. */
  read(): Promise<JobCounts[]>;
  close(): Promise<void>;
}

/** Counts on the connection of the gateway. */
export function createJobCounter(redis: RedisHandle): JobCounter {
  const queues = QUEUE_NAMES.map((name) => ({ name, ...lazyQueue(redis, name) }));
  return {
    read: () =>
      redis.attempt("jobs", () =>
        Promise.all(
          queues.map(async ({ name, ready }) => {
            const queue = await ready();
            const [jobs, completed, failed] = await Promise.all([
              queue.getJobCounts(...JOB_STATES),
              queue.getMetrics("completed", 0, 0),
              queue.getMetrics("failed", 0, 0),
            ]);
            return {
              queue: name,
              jobs: jobs as JobCounts["jobs"],
              completed: completed.meta.count,
              failed: failed.meta.count,
            };
          }),
        ),
      ),
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}
