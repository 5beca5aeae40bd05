import { expect, test } from "vitest";
import { openConfirmedAborts, rememberLengths } from "../../src/gateway/safety-tax.ts";
import { floodOf } from "../../src/queue/queue.ts";
import type { ConfirmedAbort } from "../../src/metrics/tax.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createOutbox } from "../../src/trace/outbox.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import {
  sampleDecision,
  sampleEnd,
  sampleEvidence,
  sampleHead,
  sampleItem,
  sampleScoreRow,
  traceId,
} from "../conformance/samples.ts";
import { temporaryFolder } from "../support/folder.ts";

function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  return {
    traces: createTraceStore(database),
    decisions: createDecisionStore(database),
    outbox: createOutbox(database),
    scores: createScoreLog(database),
  };
}

test("a confirmed trace is an abort when its run was stopped and what it was allowed is known", async () => {
  const { traces, decisions, outbox } = setUp();
  const next = openConfirmedAborts({ traces, decisions, outbox }, () => 1_000);
  const cases = [
    ["tr_a", { maxTokens: 64 }, "abort"],
    ["tr_b", { maxTokens: 64 }, "stop"],
    ["tr_c", {}, "abort"],
  ] as const;
  for (const [id, fields, reason] of cases) {
    await traces.open({ ...sampleHead(), id, ...fields }, sampleEvidence());
    await traces.close(id, { ...sampleEnd(), reason }, "complete");
  }
  for (const traceId of ["tr_a", "tr_b", "tr_c", "tr_unknown"]) {
    const given = { verdict: "true_positive", reviewer: "ann", note: "", detector: "a", stage: "first" } as const;
    await decisions.add({ ...given, id: `de_${traceId}`, traceId, decidedAt: 2_000, blind: false });
  }
  expect(await next()).toEqual([{ maxTokens: 64, generatedTokens: sampleEnd().generated.length }]);
});

test("a verdict confirms the aborts that are alike to the one it was given on, and none of a flood", async () => {
  const { traces, decisions, outbox } = setUp();
  const next = openConfirmedAborts({ traces, decisions, outbox }, () => 1_000);
  for (const [number, item, repetition] of [
    [1, 1, "alike"],
    [2, 1, "alike"],
    [3, 3, floodOf("x")],
    [4, 3, floodOf("x")],
  ] as const) {
    await traces.open(sampleHead(number, { maxTokens: 60 + number }), sampleEvidence());
    await traces.close(traceId(number), sampleEnd({ reason: "abort" }), "complete");
    outbox.addItem({ id: traceId(number), createdAt: 1, body: JSON.stringify(sampleItem(number, { repetition })) });
    outbox.markDelivered({ kind: "item", id: traceId(number) }, { epoch: "a", item: traceId(item) });
  }
  for (const number of [1, 3])
    await decisions.add(sampleDecision(number, { verdict: "true_positive", decidedAt: 2_000 }));
  expect((await next()).map(({ maxTokens }) => maxTokens)).toEqual([61, 62, 63]);
  expect(await next()).toEqual([]);
});

test("recorded replies are remembered, oldest first; what was stopped or has no limit is not", async () => {
  const { scores } = setUp();
  const row = (createdAt: number, generatedTokens: number, changes = {}) =>
    scores.add({ ...sampleScoreRow(createdAt), reason: "stop", generatedTokens, maxTokens: 64, ...changes });
  await row(1, 10);
  await row(2, 20, { reason: "abort" });
  await row(3, 30, { reason: "length" });
  const remembered: ConfirmedAbort[] = [];
  await rememberLengths(scores, {
    remember: (reply) => void remembered.push(reply),
    confirmed: () => undefined,
    enriched: () => undefined,
    learn: () => undefined,
  });
  expect(remembered.map(({ generatedTokens }) => generatedTokens)).toEqual([10, 30]);
});
