import { expect, onTestFinished, test } from "vitest";
import { sampleEnd, sampleEvidence, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer } from "./review-server.ts";

const SAMPLE = { stratum: "near", probability: 0.02, detector: "audit", score: 1, threshold: 2 } as const;

async function start() {
  const server = await startReviewServer(temporaryFolder());
  onTestFinished(async () => void (await server.close()));
  const now = Date.now();
  const headOf = (number: number) => sampleHead(number, { createdAt: now - number * 60_000 });
  await server.add(sampleTrace({ head: headOf(1) }));
  await server.add(sampleTrace({ head: headOf(2), evidence: [sampleEvidence({ decision: { action: "flag" } })] }));
  await server.add(sampleTrace({ head: headOf(3) }), { blind: true });
  await server.add(sampleTrace({ head: headOf(4), evidence: [], end: sampleEnd({ reason: "stop" }), sample: SAMPLE }), {
    model: "other",
  });
  const { call } = await server.login("ada");
  const idsOf = async (query: string) =>
    (await call(`items?${query}`)).body.items
      .map((item) => Number.parseInt(item.traceId.slice(3), 16))
      .toSorted((a, b) => a - b);
  return { ...server, call, idsOf };
}

test("items are filtered by state, stage, detector, action, model and age", async () => {
  const { call, idsOf } = await start();
  expect(await idsOf("")).toEqual([1, 2, 3, 4]);
  expect(await idsOf("detector=audit")).toEqual([4]);
  expect(await idsOf("action=abort")).toEqual([1]);
  expect(await idsOf("action=flag")).toEqual([2]);
  expect(await idsOf("model=other")).toEqual([4]);
  expect(await idsOf("minAgeMinutes=2.5")).toEqual([3, 4]);
  await call(`items/${traceId(2)}/decide`, { verdict: "escalate" });
  expect(await idsOf("stage=escalated")).toEqual([2]);
  expect(await idsOf("state=decided")).toEqual([]);
  expect(await idsOf("action=abort&limit=1&offset=1")).toEqual([]);
});

test("there are names to filter by", async () => {
  const { call } = await start();
  const { detectors, models } = (await call("items")).body;
  expect([detectors, models]).toEqual([
    ["audit", "country-channel"],
    ["other", "smollm2-135m-instruct"],
  ]);
});

test("no filter tells a blind flagged item from a sampled one, until its reviewer has judged it", async () => {
  const { call, idsOf, login } = await start();
  expect(await idsOf("action=blind")).toEqual([3, 4]);
  expect(await idsOf("action=sample")).toEqual([]);
  const blind = (await call("items?action=blind")).body.items;
  for (const item of blind) {
    expect(item).toMatchObject({
      action: "blind",
      score: null,
      threshold: null,
      priority: null,
      name: null,
      blind: true,
    });
    expect(item).not.toHaveProperty("sample");
  }
  await call(`items/${traceId(4)}/decide`, { verdict: "escalate" });
  expect(await idsOf("action=sample")).toEqual([4]);
  const bo = await login("bo");
  expect((await bo.call("items?action=blind")).body.items).toHaveLength(2);
});
