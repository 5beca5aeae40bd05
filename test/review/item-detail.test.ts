import { expect, onTestFinished, test } from "vitest";
import { floodOf } from "../../src/queue/queue.ts";
import { sampleEnd, sampleHead, sampleItem, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";

const SAMPLE = { stratum: "clear", probability: 0.001, detector: "country-channel", score: -2, threshold: 5 } as const;

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  const { call } = await server.login("ada");
  return { ...server, call };
}

test("an item comes with its question, its re-read, what joined it and what is like it", async () => {
  const { add, call, queue, enrichments } = await start();
  for (const number of [1, 2, 3])
    await add(sampleTrace({ head: sampleHead(number) }), { repetition: `r${number % 2}` });
  await call(`items/${traceId(2)}/decide`, { verdict: "false_positive" });
  await enrichments.put(traceId(1), 5, JSON.stringify({ version: 1, taps: ["0.attn_out"] }));
  expect(await queue.itemOf(traceId(3))).toBe(traceId(1));
  const { body } = await call(`items/${traceId(1)}`);
  expect(body).toMatchObject({
    hidden: false,
    description: "Does the reply name a country?",
    enrichment: { version: 1, taps: ["0.attn_out"] },
    members: { count: 2, ids: [traceId(1), traceId(3)] },
    similar: [{ traceId: traceId(2), verdict: "false_positive", name: "Japan", score: 6.5 }],
    notes: [],
    trace: { omitted: null },
  });
  // What joined it is shown with the same place in the queue.
  expect((await call(`items/${traceId(3)}`)).body).toMatchObject({
    item: { traceId: traceId(1) },
    joined: "alike",
    trace: { head: { id: traceId(3) } },
  });
});

test("a trace that joined an item shows its verdict, and says whether it is one on it", async () => {
  const { add, call } = await start();
  const of = (number: number, repetition: string) => add(sampleTrace({ head: sampleHead(number) }), { repetition });
  for (const number of [1, 2]) await of(number, "alike");
  for (const number of [3, 4]) await of(number, floodOf("x"));
  for (const number of [1, 3]) await call(`items/${traceId(number)}/decide`, { verdict: "true_positive" });
  const decided = { state: "decided" };
  const decisions = [{ verdict: "true_positive" }];
  expect((await call(`items/${traceId(1)}`)).body).toMatchObject({ joined: null, item: decided, decisions });
  expect((await call(`items/${traceId(2)}`)).body).toMatchObject({ joined: "alike", item: decided, decisions });
  expect((await call(`items/${traceId(4)}`)).body).toMatchObject({ joined: "flood", item: decided });
});

test("nothing of a blind item tells whether it was flagged, until its reviewer has judged it", async () => {
  const { add, call, enrichments, login } = await start();
  const words = { head: sampleHead(1), end: sampleEnd({ reason: "stop" }) };
  await add(sampleTrace(words), { blind: true, priority: 1 });
  await add(sampleTrace({ ...words, head: sampleHead(2), evidence: [], sample: SAMPLE }));
  for (const number of [1, 2]) await enrichments.put(traceId(number), 1, "{}");
  const shapeOf = async (number: number) => {
    const { body } = await call(`items/${traceId(number)}`);
    return JSON.parse(
      JSON.stringify(body)
        .replaceAll(traceId(number), "id")
        .replaceAll(/17\d{11}|request-\d/g, "0"),
    ) as object;
  };
  const flagged = await shapeOf(1);
  expect(flagged).toEqual(await shapeOf(2));
  expect(flagged).toMatchObject({
    hidden: true,
    enrichment: null,
    similar: [],
    trace: { firings: [], endReason: null },
  });
  const { body } = await call(`items/${traceId(1)}/decide`, { verdict: "true_positive" });
  expect(body.decision.blind).toBe(true);
  expect((await call(`items/${traceId(1)}`)).body).toMatchObject({
    hidden: false,
    item: { action: "abort", score: 6.5 },
    trace: { firings: [{ score: 6.5 }] },
  });
  const bo = await login("bo");
  expect((await bo.call(`items/${traceId(2)}`)).body.hidden).toBe(true);
});

test("a trace that the queue has not got is shown, but not when it may become a blind item", async () => {
  for (const [blind, hidden] of [
    [0, false],
    [0.1, true],
  ] as const) {
    const { traces, call } = await start({ settings: { blind } });
    const { head, evidence } = sampleTrace();
    if (evidence[0] !== undefined) await traces.open(head, evidence[0]);
    expect((await call(`items/${traceId(1)}`)).body).toMatchObject({ item: null, hidden });
  }
});

test("a huge trace is answered in a few megabytes and says what is missing", async () => {
  const { add, call } = await start();
  const conversation = Array.from({ length: 300 }, () => ({ role: "user", content: "<img>".repeat(4_000) }));
  const generated = Array.from({ length: 30_000 }, (_, id) => ({ id, text: " x" }));
  await add(sampleTrace({ head: sampleHead(1, { conversation }), end: sampleEnd({ generated }) }));
  const { body } = await call(`items/${traceId(1)}`);
  expect(JSON.stringify(body).length).toBeLessThan(5_000_000);
  expect(body.trace.omitted).toMatchObject({ tokens: 30_000 - 8_192 });
  const { items } = (await call("items")).body;
  expect(JSON.stringify(items).length).toBeLessThan(2_000);
});

test("a trace that is not there is not found", async () => {
  const { call, queue } = await start();
  await queue.enqueue(sampleItem(1));
  expect((await call(`items/${traceId(1)}`)).body).toMatchObject({ error: { code: "not_found" } });
});
