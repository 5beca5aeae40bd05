import { expect, test } from "vitest";
import { floodOf } from "../../src/queue/queue.ts";
import { hideRun, leftTrace, toRun, type KnownRun } from "../../src/review/found-run.ts";
import {
  sampleEnd,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  sampleQueuedItem,
  sampleScoreRow,
  sampleTrace,
  traceId,
} from "../conformance/samples.ts";

const known = (changes: Partial<KnownRun>): KnownRun => ({
  traceId: traceId(1),
  trace: undefined,
  item: undefined,
  isErased: false,
  ...changes,
});
const found = (changes: Parameters<typeof sampleScoreRow>[1] = {}, origin: string | null = null) => ({
  found: { row: sampleScoreRow(1, { traceId: traceId(1), ...changes }), origin },
});

test("a run of which there is a score row alone has its scores, its end and its tokens, and no action", () => {
  const scores = [
    { detector: "a", hash: "0", score: 0.5, position: 7, tap: null, fired: false, error: null },
    { detector: "b", hash: "0", score: 6, position: 9, tap: null, fired: true, error: null },
    { detector: "c", hash: "0", score: null, position: null, tap: null, fired: false, error: "threw" },
    { detector: "d", hash: "0", score: null, position: null, tap: null, fired: false, error: null },
  ];
  expect(toRun(known(found({ scores, maxTokens: 64 })), "gw_1")).toEqual({
    traceId: traceId(1),
    requestId: "request-1",
    gateway: "gw_1",
    startedAt: null,
    endedAt: 1_700_000_000_001,
    model: "smollm2-135m-instruct",
    policy: "demo",
    flagged: false,
    action: null,
    ending: "stop",
    tokens: { prompt: 11, generated: 40, released: null, allowed: 64 },
    detectors: [
      { detector: "a", verdict: "clear", score: 0.5, position: 7, action: null },
      { detector: "b", verdict: "fired", score: 6, position: 9, action: null },
      { detector: "c", verdict: "error", score: null, position: null, action: null },
      { detector: "d", verdict: "not_judged", score: null, position: null, action: null },
    ],
    record: "none",
    item: null,
    hidden: false,
  });
});

test("its trace adds when it began, what was done, and what was released; its item adds where it stands", () => {
  const run = toRun(known({ trace: sampleTrace(), item: sampleQueuedItem(2, { state: "claimed" }) }), "gw_1");
  expect(run).toMatchObject({
    requestId: "request-1",
    gateway: null,
    startedAt: 1_700_000_000_001,
    endedAt: 1_700_000_009_000,
    flagged: true,
    action: "abort",
    ending: "abort",
    tokens: { prompt: 11, generated: 4, released: 3 },
    detectors: [{ detector: "country-channel", verdict: "fired", score: 6.5, action: "abort" }],
    record: "kept",
    item: { traceId: traceId(2), state: "claimed", stage: "first", joined: "alike", verdict: null },
  });
});

test("the verdict of the item is told when it is decided, with whether it is one on this run", () => {
  const decided = { state: "decided", verdict: "true_positive" } as const;
  const itemOf = (changes: Parameters<typeof sampleQueuedItem>[1], number: number) =>
    toRun(known({ item: sampleQueuedItem(number, changes), verdict: "true_positive" }), "gw_1").item;
  expect(itemOf({ state: "decided" }, 1)).toMatchObject({ ...decided, joined: null });
  expect(itemOf({ state: "decided" }, 2)).toMatchObject({ ...decided, joined: "alike" });
  expect(itemOf({ state: "decided", repetition: floodOf("x") }, 2)).toMatchObject({ ...decided, joined: "flood" });
  expect(itemOf({ stage: "second" }, 1)).toMatchObject({ verdict: null });
  const run = toRun(known({ item: sampleQueuedItem(2, { state: "decided" }), verdict: "unsure" }), "gw_1");
  expect(hideRun(run).item).toMatchObject({ traceId: traceId(1), joined: null, verdict: null });
});

test("of a run that has not ended the findings are told, each detector once with the strictest of what was done", () => {
  const flag = { action: "flag", detector: "country-channel", rule: "r" } as const;
  const evidence = [sampleEvidence(), sampleEvidence({ decision: flag, finding: sampleFinding({ position: 19 }) })];
  const trace = sampleTrace({ state: "open", end: null, evidence });
  expect(toRun(known({ trace }), "gw_1")).toMatchObject({
    ending: "open",
    action: "abort",
    detectors: [{ detector: "country-channel", verdict: "fired", position: 19, action: "abort" }],
  });
  expect(toRun(known({ trace: { ...trace, state: "interrupted" } }), "gw_1").ending).toBe("interrupted");
});

test("a trace is kept, deleted, with another gateway or not there", () => {
  const recordOf = (changes: Partial<KnownRun>) => toRun(known(changes), "gw_1").record;
  expect(recordOf({ isErased: true })).toBe("deleted");
  expect(recordOf({ trace: sampleTrace() })).toBe("kept");
  expect(recordOf(found({ flagged: true }, "gw_2"))).toBe("elsewhere");
  expect(recordOf(found({ flagged: true }))).toBe("none");
  expect(toRun(known(found({}, "gw_2")), "gw_1")).toMatchObject({ gateway: "gw_2", record: "none" });
});

test("what was flagged and what was drawn leave a trace", () => {
  const sampling = { clear: 1, near: 1, nearDetectors: [] };
  const rows = [
    {},
    { flagged: true },
    { sampling: { ...sampling, drawn: null } },
    { sampling: { ...sampling, drawn: "a" } },
  ];
  expect(rows.map((changes) => leftTrace(sampleScoreRow(1, changes)))).toEqual([false, true, false, true]);
});

test("hidden, a stopped run that joined an item and a drawn one that ended cannot be told apart", () => {
  const head = sampleHead(1, { maxTokens: 64 });
  const stopped = toRun(
    known({ ...found({ flagged: true }), trace: sampleTrace({ head }), item: sampleQueuedItem(2) }),
    "g",
  );
  const sample = { stratum: "near", probability: 0.1, detector: "other", score: 1, threshold: 2 } as const;
  const end = sampleEnd({ reason: "stop", decision: { action: "continue" } });
  const drawn = sampleTrace({ head, evidence: [], end, sample });
  expect(hideRun(stopped)).toEqual(hideRun(toRun(known({ trace: drawn, item: sampleQueuedItem(1) }), "g")));
  expect(hideRun(stopped)).toMatchObject({
    hidden: true,
    startedAt: 1_700_000_000_001,
    policy: "demo",
    tokens: { allowed: 64, prompt: null },
    item: { traceId: traceId(1), state: "waiting" },
  });
});
