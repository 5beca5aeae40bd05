import { expect, test } from "vitest";
import { sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { FULL_DISK, setUpRecorder, typesOf } from "./recorder-set-up.ts";
import { flagRaised, runEnd, scriptedRun } from "./scripted-run.ts";

test("a trace that cannot be queued still ends for the client and is queued by the retry", async () => {
  let down = true;
  const { recorder, traces, queue } = setUpRecorder(({ enqueue }) => ({
    enqueue: (trace) => (down ? FULL_DISK() : enqueue(trace)),
  }));
  expect(await typesOf(recorder.record(scriptedRun([flagRaised(), runEnd("abort")]), sampleHead()))).toContain(
    "run-ended",
  );
  expect(await traces.get(traceId(1))).toMatchObject({ state: "complete", queued: false });
  expect(await recorder.retry()).toEqual({ enqueued: 0, failed: 1 });
  down = false;
  expect(await recorder.retry()).toEqual({ enqueued: 1, failed: 0 });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting" });
  expect(await recorder.retry()).toEqual({ enqueued: 0, failed: 0 });
});

test("a score row that could not be written is written by the retry", async () => {
  let full = true;
  const { recorder, scores } = setUpRecorder(({ scores: real }) => ({
    scores: { ...real, add: (row) => (full ? FULL_DISK() : real.add(row)) },
  }));
  await typesOf(recorder.record(scriptedRun([runEnd("stop")]), sampleHead()));
  expect(await scores.count()).toBe(0);
  full = false;
  await recorder.retry();
  expect(await scores.list({ limit: 9 })).toMatchObject([{ requestId: "request-1" }]);
});

test("at start, what a dead process left open is interrupted, and every closed trace without an item is queued", async () => {
  const { recorder, traces, queue } = setUpRecorder();
  for (const number of [1, 2, 3]) await traces.open(sampleHead(number), sampleEvidence());
  await traces.close(traceId(2), sampleEnd(), "complete");
  await traces.close(traceId(3), sampleEnd(), "complete");
  await traces.markQueued(traceId(3));
  expect(await recorder.recover()).toEqual({ interrupted: 1, enqueued: 2, failed: 0 });
  expect((await queue.list({ limit: 9 })).map((item) => item.traceId)).toEqual([traceId(1), traceId(2)]);
  expect(await recorder.recover()).toEqual({ interrupted: 0, enqueued: 0, failed: 0 });
});
