import type { JobCounts } from "../queue/job-counts.ts";
import { JOB_STATES, QUEUE_NAMES } from "../queue/queue.ts";
import type { Labels } from "./label-sets.ts";
import type { Series } from "./series.ts";

/** What BullMQ counts, under the names that BullMQ gives it. Only with the driver `bullmq`, and only while Redis answers. */
export const JOB_SERIES = {
  jobCount: {
    kind: "gauge",
    name: "bullmq_job_count",
    help: "Jobs in Redis by queue and state; every gateway of one Redis says the same. Absent while Redis does not answer.",
    labels: ["queue", "state"],
  },
  jobsCompleted: {
    kind: "counter",
    name: "bullmq_job_completed_total",
    help: "Jobs that completed: verdicts that closed an item, traces that were read again. Absent while Redis does not answer.",
    labels: ["queue"],
  },
  jobsFailed: {
    kind: "counter",
    name: "bullmq_job_failed_total",
    help: "Jobs that were given up: items abandoned 20 times, traces that could not be read again. Absent while Redis does not answer.",
    labels: ["queue"],
  },
} as const satisfies Record<string, Series>;

type JobKey = keyof typeof JOB_SERIES;

/** Every combination; none with another driver. */
export function jobLabelSets(driver: string): Record<JobKey, readonly Labels[]> {
  const queues = driver === "bullmq" ? QUEUE_NAMES : [];
  const each = queues.map((queue) => ({ queue }));
  return {
    jobCount: queues.flatMap((queue) => JOB_STATES.map((state) => ({ queue, state }))),
    jobsCompleted: each,
    jobsFailed: each,
  };
}

/** How a series is written. */
export interface JobWriters {
  readonly add: (key: JobKey, labels: Labels, amount: number) => void;
  readonly remove: (key: JobKey, labels: Labels) => void;
}

/** What is looked up when the metrics are read. */
export function createJobReader(
  read: (() => Promise<readonly JobCounts[]>) | undefined,
  { add, remove }: JobWriters,
): Readonly<Record<string, () => unknown>> {
  if (read === undefined) return {};
  const sets = jobLabelSets("bullmq");
  /** Redis counts, not this process: a counter, too, says what is there. */
  const mirror: JobWriters["add"] = (key, labels, value) => {
    remove(key, labels);
    add(key, labels, value);
  };
  return {
    async jobs() {
      // The connection counts and logs its own failures.
      const counts = await read().catch(() => undefined);
      if (counts === undefined)
        for (const key of Object.keys(sets) as JobKey[]) for (const labels of sets[key]) remove(key, labels);
      for (const { queue, jobs, completed, failed } of counts ?? []) {
        for (const state of JOB_STATES) mirror("jobCount", { queue, state }, jobs[state]);
        mirror("jobsCompleted", { queue }, completed);
        mirror("jobsFailed", { queue }, failed);
      }
    },
  };
}
