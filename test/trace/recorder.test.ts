import { expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { sampleEnd, sampleEvidence, sampleHead, traceId } from "../conformance/samples.ts";
import { FULL_DISK, setUpRecorder, typesOf } from "./recorder-set-up.ts";
import { flagRaised, promptJudged, released, runEnd, scriptedRun } from "./scripted-run.ts";

test("a run without a flag passes unchanged and leaves a score row and no trace", async () => {
  const { recorder, traces, scores, queue } = setUpRecorder();
  const script = [promptJudged, released("Hi", "!"), runEnd("stop", { generated: [{ id: 1, text: "Hi" }] })];
  const events: RunEvent[] = [];
  for await (const event of recorder.record(scriptedRun(script), sampleHead())) events.push(event);
  expect(events).toEqual(script);
  expect(await traces.get(traceId(1))).toBeUndefined();
  expect((await queue.stats()).waiting).toBe(0);
  expect(await scores.list({ limit: 9 })).toEqual([
    {
      requestId: "request-1",
      traceId: traceId(1),
      createdAt: 1_700_000_100_000,
      policy: "demo",
      model: "smollm2-135m-instruct",
      reason: "stop",
      flagged: false,
      promptTokens: 11,
      generatedTokens: 1,
      scores: sampleEnd().scores,
    },
  ]);
});

test("the trace is on disk before anything after the flag is delivered, and queued before the end is", async () => {
  const { recorder, traces, scores, queue } = setUpRecorder();
  const script = [
    promptJudged,
    released("S"),
    flagRaised(),
    released("ushi"),
    flagRaised({ released: 5 }),
    released(" is"),
    runEnd("stop"),
  ];
  const seen: unknown[] = [];
  const types = await typesOf(recorder.record(scriptedRun(script), sampleHead()), async (event) => {
    const trace = await traces.get(traceId(1));
    seen.push([event.type, trace?.state, trace?.evidence.length]);
    if (event.type === "run-ended")
      expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting", action: "abort" });
  });
  expect(types).toEqual(script.map(({ type }) => type));
  expect(seen).toEqual([
    ["prompt-judged", undefined, undefined],
    ["tokens-released", undefined, undefined],
    ["flag-raised", "open", 1],
    ["tokens-released", "open", 1],
    ["flag-raised", "open", 2],
    ["tokens-released", "open", 2],
    ["run-ended", "complete", 2],
  ]);
  const trace = await traces.get(traceId(1));
  expect(trace).toMatchObject({
    queued: true,
    head: { promptTokens: 11 },
    end: { reason: "stop", endedAt: 1_700_000_100_000 },
  });
  expect(await scores.list({ limit: 9 })).toMatchObject([{ flagged: true }]);
});

test("the end of the run decides whether the trace is complete or interrupted", async () => {
  const { recorder, traces } = setUpRecorder();
  const expected = {
    stop: "complete",
    length: "complete",
    abort: "complete",
    cancelled: "interrupted",
    deadline: "interrupted",
    failed: "interrupted",
    unavailable: "interrupted",
  } as const;
  for (const [index, [reason, state]] of Object.entries(expected).entries()) {
    await typesOf(
      recorder.record(scriptedRun([flagRaised(), runEnd(reason as keyof typeof expected)]), sampleHead(index)),
    );
    expect(await traces.get(traceId(index))).toMatchObject({ state, queued: true });
  }
});

test("when the first record cannot be written, the run is cancelled and ends unavailable without another token", async () => {
  const { recorder, logged, scores } = setUpRecorder(({ traces }) => ({ traces: { ...traces, open: FULL_DISK } }));
  const run = scriptedRun(
    [promptJudged, released("S"), flagRaised(), released("ushi"), runEnd("stop")],
    [released("late")],
  );
  const events: RunEvent[] = [];
  for await (const event of recorder.record(run, sampleHead())) events.push(event);
  expect(events.map(({ type }) => type)).toEqual(["prompt-judged", "tokens-released", "run-ended"]);
  expect(events.at(-1)).toMatchObject({
    reason: "unavailable",
    decision: { action: "unavailable" },
    releasedTokens: 1,
  });
  expect(run.cancels()).toBe(1);
  expect(logged.join()).toContain("could not be recorded");
  expect(await scores.list({ limit: 9 })).toMatchObject([{ reason: "unavailable", flagged: true }]);
});

test("a record that could not be written at once is written with the retry, and queued", async () => {
  let failures = 2;
  const { recorder, traces, queue } = setUpRecorder(({ traces: real }) => ({
    traces: { ...real, open: (...given) => ((failures -= 1) >= 0 ? FULL_DISK() : real.open(...given)) },
  }));
  await typesOf(recorder.record(scriptedRun([flagRaised(), flagRaised({ released: 9 })]), sampleHead()));
  expect(await traces.get(traceId(1))).toBeUndefined();
  expect(await recorder.retry()).toEqual({ enqueued: 0, failed: 0 });
  expect(await traces.get(traceId(1))).toMatchObject({
    state: "interrupted",
    end: { reason: "unavailable" },
    queued: true,
  });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting" });
});

test("when later evidence cannot be written, the run ends unavailable and the first evidence is queued", async () => {
  const { recorder, traces } = setUpRecorder(({ traces: real }) => ({ traces: { ...real, append: FULL_DISK } }));
  const run = scriptedRun([flagRaised(), released("S"), flagRaised(), released("ushi"), runEnd("stop")]);
  expect(await typesOf(recorder.record(run, sampleHead()))).toEqual(["flag-raised", "tokens-released", "run-ended"]);
  expect(await traces.get(traceId(1))).toMatchObject({ state: "open", evidence: [sampleEvidence()] });
  expect(await recorder.recover()).toMatchObject({ interrupted: 1, enqueued: 1 });
});

test("a consumer that leaves cancels the run, and a flag raised meanwhile is still recorded and queued", async () => {
  const { recorder, traces, queue, scores } = setUpRecorder();
  const run = scriptedRun([promptJudged, released("S"), released("ushi"), runEnd("stop")], [flagRaised()]);
  for await (const event of recorder.record(run, sampleHead())) if (event.type === "tokens-released") break;
  expect(run.cancels()).toBe(1);
  await recorder.idle();
  expect(await traces.get(traceId(1))).toMatchObject({
    state: "interrupted",
    queued: true,
    end: { reason: "cancelled" },
  });
  expect(await queue.get(traceId(1))).toMatchObject({ state: "waiting" });
  expect(await scores.list({ limit: 9 })).toMatchObject([{ reason: "cancelled", flagged: true }]);
});

test("a consumer that leaves while an event is on its way cancels at once", async () => {
  const { recorder, scores } = setUpRecorder();
  const run = scriptedRun([flagRaised(), released("S"), runEnd("stop")]);
  const events = recorder.record(run, sampleHead());
  const pending = events.next();
  await events.return?.();
  expect(run.cancels()).toBe(1);
  await Promise.all([pending, recorder.idle()]);
  expect(await scores.list({ limit: 9 })).toMatchObject([{ reason: "cancelled", flagged: false }]);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test("a trace whose reader left is interrupted although the model had finished", async () => {
  const { recorder, traces } = setUpRecorder();
  const run = {
    cancel() {},
    [Symbol.asyncIterator]: () => scriptedRun([flagRaised(), runEnd("stop")])[Symbol.asyncIterator](),
  };
  for await (const event of recorder.record(run, sampleHead())) if (event.type === "flag-raised") break;
  await recorder.idle();
  expect(await traces.get(traceId(1))).toMatchObject({ state: "interrupted", end: { reason: "stop" } });
});

test("a run that breaks or stops without an end is recorded as failed", async () => {
  const { recorder, traces, scores } = setUpRecorder();
  async function* broken() {
    yield flagRaised();
    yield released("S");
    throw new Error("worker died");
  }
  const run = { cancel() {}, [Symbol.asyncIterator]: broken };
  expect(await typesOf(recorder.record(run, sampleHead(1)))).toEqual(["flag-raised", "tokens-released", "run-ended"]);
  expect(await typesOf(recorder.record(scriptedRun([promptJudged]), sampleHead(2)))).toEqual([
    "prompt-judged",
    "run-ended",
  ]);
  expect(await traces.get(traceId(1))).toMatchObject({
    state: "interrupted",
    end: { reason: "failed", generated: [{ id: 0, text: "S" }] },
  });
  expect(await scores.list({ limit: 9 })).toMatchObject([{ reason: "failed" }, { reason: "failed" }]);
});

test("where there is no room for a flagged run, it ends unavailable and leaves a score row alone", async () => {
  const { recorder, traces, scores, logged } = setUpRecorder(() => ({ admit: () => false }));
  const run = scriptedRun(
    [promptJudged, released("S"), flagRaised(), released("ushi"), runEnd("stop")],
    [flagRaised({ released: 7 })],
  );
  const events: RunEvent[] = [];
  for await (const event of recorder.record(run, sampleHead())) events.push(event);
  expect(events.map(({ type }) => type)).toEqual(["prompt-judged", "tokens-released", "run-ended"]);
  expect(events.at(-1)).toMatchObject({ reason: "unavailable", releasedTokens: 1 });
  expect(run.cancels()).toBeGreaterThan(0);
  expect(await traces.get(traceId(1))).toBeUndefined();
  expect(await scores.list({ limit: 9 })).toMatchObject([{ reason: "unavailable", flagged: true }]);
  expect(logged.join()).toContain("no room");
});

test("a run that has been flagged already is not refused its later evidence", async () => {
  let room = true;
  const { recorder, traces } = setUpRecorder(() => ({ admit: () => room }));
  const run = scriptedRun([flagRaised(), released("S"), flagRaised({ released: 9 }), runEnd("stop")]);
  for await (const event of recorder.record(run, sampleHead())) room &&= event.type !== "flag-raised";
  expect((await traces.get(traceId(1)))?.evidence).toHaveLength(2);
});
