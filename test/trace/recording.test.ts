import { expect, test } from "vitest";
import { createBacklog } from "../../src/trace/backlog.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { startRecording } from "../../src/trace/recording.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleHead } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { promptJudged, released, runEnd, scriptedRun } from "./scripted-run.ts";

const log = { error: () => undefined };

test("events asked for at once come one after the other, in order", async () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const recording = startRecording({
    run: scriptedRun([promptJudged, released("a"), runEnd("stop")]),
    head: sampleHead(),
    traces: createTraceStore(database),
    scores: createScoreLog(database),
    enqueue: async () => undefined,
    admit: () => true,
    backlog: createBacklog({ log, givesUp: "nothing" }),
    scoreBacklog: createBacklog({ log, givesUp: "oldest" }),
    log,
    clock: Date.now,
  });
  const results = await Promise.all([recording.next(), recording.next(), recording.next(), recording.next()]);
  expect(results.map(({ value }) => value?.type)).toEqual(["prompt-judged", "tokens-released", "run-ended", undefined]);
});
