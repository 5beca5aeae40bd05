import { expect, test } from "vitest";
import { createSampler } from "../../src/trace/sampling.ts";
import { sampleEnd, sampleHead, traceId } from "../conformance/samples.ts";
import { FULL_DISK, setUpRecorder, typesOf } from "./recorder-set-up.ts";
import { flagRaised, promptJudged, released, runEnd, scriptedRun } from "./scripted-run.ts";

const sampler = createSampler({
  shares: { clear: 1, near: 1, nearShare: 0.01 },
  thresholdOf: () => 5,
  random: () => 0,
});
const scores = sampleEnd().scores.map((score) => ({ ...score, score: 1.5, fired: false }));
const script = [promptJudged, released("Hi"), runEnd("stop", { generated: [{ id: 1, text: "Hi" }], scores })];

test("a drawn reply becomes a whole trace with its draw, is sent to review, and its row names both", async () => {
  const sent: string[] = [];
  const {
    recorder,
    traces,
    scores: rows,
  } = setUpRecorder(() => ({
    sampler,
    enqueue: async ({ head }) => sent.push(head.id),
  }));
  await typesOf(recorder.record(scriptedRun(script), sampleHead()));
  expect(await traces.get(traceId(1))).toMatchObject({
    head: { promptTokens: 11 },
    state: "complete",
    evidence: [],
    end: { generated: [{ id: 1, text: "Hi" }] },
    queued: true,
    sample: { detector: "country-channel", score: 1.5, threshold: 5, stratum: "clear", probability: 1 },
  });
  expect(sent).toEqual([traceId(1)]);
  const [row] = await rows.list({ limit: 1 });
  expect(row).toMatchObject({
    traceId: traceId(1),
    flagged: false,
    sampling: { clear: 1, near: 1, nearDetectors: [], drawn: "country-channel" },
  });
});

test("a flagged reply keeps its own trace, and its row says that others were drawn then", async () => {
  const { recorder, traces, scores: rows } = setUpRecorder(() => ({ sampler }));
  await typesOf(recorder.record(scriptedRun([promptJudged, flagRaised(), runEnd("abort")]), sampleHead()));
  expect((await traces.get(traceId(1)))?.sample).toBeNull();
  expect((await rows.list({ limit: 1 }))[0]?.sampling).toMatchObject({ clear: 1, drawn: null });
});

test("a drawn reply that cannot be written does not stop the run, and is tried again", async () => {
  const parts = setUpRecorder();
  let fails = true;
  const { recorder, logged } = setUpRecorder(() => ({
    sampler,
    traces: { ...parts.traces, addSample: (...given) => (fails ? FULL_DISK() : parts.traces.addSample(...given)) },
    enqueue: async () => undefined,
  }));
  expect(await typesOf(recorder.record(scriptedRun(script), sampleHead()))).toContain("run-ended");
  expect(logged.join()).toContain("tried again");
  fails = false;
  await recorder.retry();
  expect(await parts.traces.get(traceId(1))).toBeDefined();
});
