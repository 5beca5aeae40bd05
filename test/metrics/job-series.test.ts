import { expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { JOB_SERIES, jobLabelSets } from "../../src/metrics/job-series.ts";
import type { JobCounts } from "../../src/queue/job-counts.ts";
import { setUpMetrics } from "./metrics-rig.ts";

const jobs = { active: 1, completed: 4, delayed: 0, failed: 2, prioritized: 3, waiting: 0, "waiting-children": 0 };
const NAMES = Object.values(JOB_SERIES).map(({ name }) => name);

test("each queue has every state, and none is there with another driver", async () => {
  expect(jobLabelSets("bullmq").jobCount).toHaveLength(14);
  expect(jobLabelSets("embedded")).toEqual({ jobCount: [], jobsCompleted: [], jobsFailed: [] });
  const { read } = setUpMetrics();
  for (const name of NAMES) expect(await read(name)).toBeUndefined();
});

test("they say what Redis says, are absent while it does not answer, and begin anew when it was wiped", async () => {
  let counts: JobCounts[] | undefined = [
    { queue: "review", jobs, completed: 9, failed: 2 },
    { queue: "enrichment", jobs: { ...jobs, waiting: 5 }, completed: 7, failed: 0 },
  ];
  const { read, metrics } = setUpMetrics({
    queue: "bullmq",
    async jobCounts() {
      if (counts === undefined) throw new GatewayError("review_unavailable");
      return counts;
    },
  });
  const review = { queue: "review" };
  const said = async () => [
    await read("bullmq_job_count", { ...review, state: "prioritized" }),
    await read("bullmq_job_count", { queue: "enrichment", state: "waiting" }),
    await read("bullmq_job_completed_total", review),
    await read("bullmq_job_failed_total", review),
  ];
  expect(await said()).toEqual([3, 5, 9, 2]);
  expect(await said()).toEqual([3, 5, 9, 2]);
  const known = counts;
  counts = undefined;
  const { body } = await metrics.render();
  expect(body.split("\n").filter((line) => line.startsWith("bullmq_"))).toEqual([]);
  counts = known;
  expect(await said()).toEqual([3, 5, 9, 2]);
  counts = known.map((each) => ({ ...each, completed: 1, failed: 0 }));
  expect(await said()).toEqual([3, 5, 1, 0]);
});
