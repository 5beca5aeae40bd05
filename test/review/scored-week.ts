import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import type { ScoreRow } from "../../src/trace/trace.ts";
import { sampleDecision, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { simulateWeek, type WeekSettings } from "../support/simulated-week.ts";

/** When the rows of a made week were written. */
export const WEEK_AT = 1_700_000_000_000;

/** One row as a recorder writes it, of one detector unless more are named. */
export function scoredRow(
  number: number,
  score: number,
  changes: Partial<ScoreRow> & { fired?: boolean } = {},
): ScoreRow {
  const { fired = false, ...rest } = changes;
  const scores = [{ detector: "a", hash: "0123456789abcdef", score, position: 4, tap: null, fired, error: null }];
  return sampleScoreRow(number, { traceId: traceId(number), scores, ...rest });
}

/** A simulated week in real stores: a row for each reply, a verdict for each answer. */
export async function openWeek(settings: WeekSettings, seed: number, folder = temporaryFolder()) {
  const database = openDatabase({ folder });
  const scores = createScoreLog(database);
  const decisions = createDecisionStore(database);
  const week = simulateWeek(settings, seed);
  for (const [index, { score, fired, frame, answer }] of week.replies.entries()) {
    const drawn = frame !== "flagged" && answer !== null ? "a" : null;
    const sampling = {
      clear: settings.clear,
      near: settings.near,
      nearDetectors: frame === "near" ? ["a"] : [],
      drawn,
    };
    await scores.add(scoredRow(index, score, { fired, flagged: fired, sampling, createdAt: WEEK_AT + index }));
    if (answer === null) continue;
    const verdict = answer === "positive" ? "true_positive" : answer === "negative" ? "false_positive" : "unsure";
    await decisions.add(sampleDecision(index, { detector: "a", verdict, decidedAt: WEEK_AT + index + 60_000 }));
  }
  return { folder, database, scores, decisions, queue: createEmbeddedQueue({ database }), week };
}
