import { expect, test } from "vitest";
import { createRowWindow } from "../../src/review/row-window.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { scoredRow, WEEK_AT } from "./scored-week.ts";

const HOUR = 3_600_000;

test("rows come newest first, those behind the window drop out, and a later call reads the new ones alone", async () => {
  const scores = createScoreLog(openDatabase({ folder: temporaryFolder() }));
  let now = WEEK_AT + HOUR;
  const asked: number[] = [];
  const list: typeof scores.list = (options) => {
    asked.push(options.since ?? 0);
    return scores.list(options);
  };
  const read = createRowWindow({ scores: { list }, windowMs: 2 * HOUR, clock: () => now });
  await scores.add(scoredRow(1, 0.5, { createdAt: WEEK_AT }));
  await scores.add(scoredRow(2, 0.5, { createdAt: WEEK_AT + HOUR }));
  expect((await read()).map(({ requestId }) => requestId)).toEqual(["request-2", "request-1"]);
  // One that another gateway wrote a little before comes late.
  await scores.add(scoredRow(3, 0.5, { createdAt: WEEK_AT + HOUR - 60_000 }));
  now = WEEK_AT + 2.5 * HOUR;
  expect((await read()).map(({ requestId }) => requestId)).toEqual(["request-2", "request-3"]);
  expect(asked).toEqual([WEEK_AT - HOUR, WEEK_AT + HOUR - 600_000]);
});

test("rows from before traces were named are kept apart by request and time", async () => {
  const scores = createScoreLog(openDatabase({ folder: temporaryFolder() }));
  const read = createRowWindow({ scores, windowMs: HOUR, clock: () => WEEK_AT });
  for (const createdAt of [WEEK_AT - 2, WEEK_AT - 1]) {
    const { traceId: _, ...row } = scoredRow(1, 0.5, { createdAt });
    await scores.add(row);
  }
  expect(await read()).toHaveLength(2);
});
