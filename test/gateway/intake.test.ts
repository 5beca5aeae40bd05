import { expect, test } from "vitest";
import { sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { openRig } from "./records-rig.ts";

test("a trace is closed and its item noted together, or neither", async () => {
  const { records } = openRig();
  const { traces, outbox } = records.local;
  await traces.open(sampleHead(1), sampleEvidence());
  const closing = { id: traceId(1), end: sampleEnd(), state: "complete" } as const;
  const fail = () => {
    throw new Error("full");
  };
  expect(() => traces.closeWith(closing, fail)).toThrow("full");
  expect(await traces.get(traceId(1))).toMatchObject({ state: "open", end: null });
  traces.closeWith(closing, ({ head }) => outbox.addItem({ id: head.id, createdAt: 1, body: "{}" }));
  expect(await traces.get(traceId(1))).toMatchObject({ state: "complete", queued: true });
});

test("a trace that was closed without its item gets one when it is found", async () => {
  const { records } = openRig();
  await records.local.traces.open(sampleHead(1), sampleEvidence());
  expect(await records.recorder.recover()).toMatchObject({ interrupted: 1, enqueued: 1 });
  expect(await records.queue.get(traceId(1))).toMatchObject({ state: "waiting" });
  expect(await records.recorder.retry()).toEqual({ enqueued: 0, failed: 0 });
});

test("the end of a flagged run, its score row and its item are written together, or none of them", async () => {
  const { records, flag, lines } = openRig();
  const { database, traces, scores } = records.local;
  const rename = (from: string, to: string) => database.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();
  rename("scores", "hidden");
  await flag(1);
  expect(await traces.get(traceId(1))).toMatchObject({ state: "open", end: null, queued: false });
  expect(await records.queue.get(traceId(1))).toBeUndefined();
  expect(lines.join("\n")).toContain("it is tried again");
  rename("hidden", "scores");
  expect(await records.recorder.retry()).toEqual({ enqueued: 0, failed: 0 });
  expect(await traces.get(traceId(1))).toMatchObject({ state: "complete", queued: true });
  expect(await scores.list({ limit: 5 })).toMatchObject([{ traceId: traceId(1), flagged: true }]);
  expect(await records.queue.get(traceId(1))).toMatchObject({ state: "waiting" });
});
