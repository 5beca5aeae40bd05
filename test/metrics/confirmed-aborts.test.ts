import { expect, test } from "vitest";
import { followConfirmedAborts } from "../../src/metrics/confirmed-aborts.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { ReviewDecision } from "../../src/trace/stores.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { temporaryFolder } from "../support/folder.ts";

const ABORT = { maxTokens: 64, generatedTokens: 4 };

function setUp() {
  const decisions = createDecisionStore(openDatabase({ folder: temporaryFolder() }));
  let made = 0;
  const decide = (traceId: string, verdict: ReviewDecision["verdict"], decidedAt = 2_000) =>
    decisions.add({
      id: `de_${(made += 1)}`,
      traceId,
      verdict,
      decidedAt,
      reviewer: "ann",
      note: "",
      detector: "a",
      stage: "first",
      blind: false,
    });
  const next = followConfirmedAborts({
    decisions,
    since: 1_000,
    abortsOf: async (itemId) => (itemId.startsWith("aborted") ? [{ ...ABORT }] : []),
  });
  return { decide, next };
}

test("only an abort that is a true positive counts, once", async () => {
  const { decide, next } = setUp();
  await decide("aborted-1", "true_positive");
  await decide("aborted-2", "false_positive");
  await decide("aborted-3", "unsure");
  await decide("flagged", "true_positive");
  expect(await next()).toEqual([ABORT]);
  expect(await next()).toEqual([]);
});

test("a second opinion, or the same verdict after it was withdrawn, counts nothing again", async () => {
  const { decide, next } = setUp();
  await decide("aborted-1", "true_positive");
  expect(await next()).toHaveLength(1);
  await decide("aborted-1", "withdrawn");
  await decide("aborted-1", "true_positive");
  expect(await next()).toEqual([]);
});

test("a verdict that was changed to true positive counts", async () => {
  const { decide, next } = setUp();
  await decide("aborted-1", "unsure");
  await decide("aborted-1", "true_positive");
  expect(await next()).toHaveLength(1);
});

test("verdicts from before belong to an earlier process", async () => {
  const { decide, next } = setUp();
  await decide("aborted-1", "true_positive", 500);
  await decide("aborted-1", "true_positive");
  await decide("aborted-2", "true_positive");
  expect(await next()).toHaveLength(1);
});

test("two that read at once count once, and a long record is read to its end", async () => {
  const { decide, next } = setUp();
  for (let trace = 0; trace < 1_001; trace += 1) await decide(`aborted-${trace}`, "true_positive");
  const [one, other] = await Promise.all([next(), next()]);
  expect([one.length, other.length]).toEqual([1_001, 0]);
});
