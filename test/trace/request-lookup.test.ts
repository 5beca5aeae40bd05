import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { findTracesHere, findTracesOfRequest } from "../../src/trace/request-lookup.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { AWKWARD_TEXT, sampleEvidence, sampleHead, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

async function openFilled() {
  const database = openDatabase({ folder: temporaryFolder() });
  const [traces, scores] = [createTraceStore(database), createScoreLog(database)];
  for (const number of [1, 2, 3]) {
    const requestId = number === 3 ? "request-2" : `request-${number}`;
    await traces.open(sampleHead(number, { requestId }), sampleEvidence());
    await scores.add(sampleScoreRow(number, { requestId, traceId: traceId(number) }));
  }
  await scores.add(sampleScoreRow(4, { traceId: traceId(4) }));
  return { database, traces, scores };
}

test("the score rows of a request name its traces, all of them where an id was used twice", async () => {
  const parts = await openFilled();
  expect(await findTracesOfRequest(parts, "request-1")).toEqual([traceId(1)]);
  expect(await findTracesOfRequest(parts, "request-2")).toEqual([2, 3].map(traceId));
});

test("a trace of which no score row tells is found, too, beside those that have one", async () => {
  const parts = await openFilled();
  await parts.traces.open(sampleHead(9, { requestId: "request-2" }), sampleEvidence());
  expect(await findTracesOfRequest(parts, "request-2")).toEqual([2, 3, 9].map(traceId));
  expect(await findTracesHere(parts, "request-2")).toEqual([2, 3, 9].map(traceId));
});

test("an id is compared to its last character, whatever is in it", async () => {
  const parts = await openFilled();
  await parts.traces.open(sampleHead(9, { requestId: AWKWARD_TEXT }), sampleEvidence());
  expect(await findTracesHere(parts, AWKWARD_TEXT)).toEqual([traceId(9)]);
  expect(await findTracesHere(parts, AWKWARD_TEXT.slice(0, 1))).toEqual([]);
});

test("a request that was not flagged has none, nor has one that never was", async () => {
  const parts = await openFilled();
  for (const id of ["request-4", "request-9", AWKWARD_TEXT, ""])
    expect(await findTracesOfRequest(parts, id)).toEqual([]);
});

test("traces of an earlier version are opened once, and found without it from then on", async () => {
  const parts = await openFilled();
  parts.database.prepare("DELETE FROM scores").run();
  parts.database.prepare("UPDATE traces SET request = NULL").run();
  let opened = 0;
  const traces = { get: (id: string) => ((opened += 1), parts.traces.get(id)) };
  for (let turn = 0; turn < 2; turn += 1)
    expect(await findTracesOfRequest({ ...parts, traces }, "request-2")).toEqual([2, 3].map(traceId));
  expect(opened).toBe(3);
});

test("what another gateway's row names is named, whether it is here or not", async () => {
  const parts = await openFilled();
  parts.scores.addOthers("other", [{ sequence: 1, row: sampleScoreRow(7, { traceId: traceId(7) }) }]);
  expect(await findTracesOfRequest(parts, "request-7")).toEqual([traceId(7)]);
});
