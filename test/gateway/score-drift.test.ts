import { expect, test } from "vitest";
import { learnDetectors, startDrift } from "../../src/gateway/score-drift.ts";
import type { DriftDetector } from "../../src/metrics/drift.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { sampleScoreRow } from "../conformance/samples.ts";
import { temporaryFolder } from "../support/folder.ts";

const detector = (id: string): DriftDetector => ({ id, hash: id, calibration: { status: "uncalibrated", note: "x" } });
const detection = {
  detectors: [detector("sea"), detector("sky"), detector("unused")],
  config: { policies: { one: { detectors: { sea: { action: "flag", onError: "closed", confirmWith: "sky" } } } } },
} as const;

function noting() {
  const learnt: string[][] = [];
  const seen: (number | null | undefined)[] = [];
  return {
    learnt,
    seen,
    drift: {
      learn: (detectors: readonly DriftDetector[]) => void learnt.push(detectors.map(({ id }) => id)),
      saw: (scores: readonly { readonly score: number | null }[]) => void seen.push(scores[0]?.score),
    },
  };
}

test("detectors that some policy runs are compared, and those alone", () => {
  const { drift, learnt } = noting();
  learnDetectors(drift, detection);
  expect(learnt).toEqual([["sea", "sky"]]);
});

test("a start begins with the newest replies on record, oldest first", async () => {
  const scores = createScoreLog(openDatabase({ folder: temporaryFolder() }));
  for (let at = 0; at < 450; at += 1) {
    const row = sampleScoreRow(at);
    await scores.add({ ...row, scores: row.scores.slice(0, 1).map((score) => ({ ...score, score: at })) });
  }
  const { drift, seen } = noting();
  await startDrift(drift, detection, scores);
  expect([seen.length, seen[0], seen.at(-1)]).toEqual([400, 50, 449]);
});
