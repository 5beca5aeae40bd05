import { afterAll, beforeAll, expect, test } from "vitest";
import { openDesk } from "../support/desk-client.ts";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, until } from "../support/wire-reply.ts";

let live: LiveGateway;

beforeAll(async () => {
  live = await startLive({
    detectors: { scripted: { at: { generated: 2 } } },
    policies: { watch: { detectors: { scripted: { action: "flag", positions: "generation" } } } },
    fields: { engine: { threads: 1 }, review: { sample: { clear: 1, near: 1 } } },
  });
}, 60_000);
afterAll(() => live.stop());

test("a flagged reply is read again, the picture stands beside the trace, and what it took is part of the tax", async () => {
  const reply = await ask(live, { content: "Name three colours.", policy: "watch" });
  const desk = await openDesk(live.console, "ada");
  const path = `items/${reply.headers.get("x-oversight-trace-id")}`;
  const picture = await until(async () => (await desk.call(path)).body.enrichment, 60_000);
  expect(picture).not.toHaveProperty("failed");
  expect(picture.reread).toMatchObject([{ detector: "scripted", reproduced: true, difference: 0 }]);
  expect(await live.metric('oversight_tax_spent_seconds_total{part="enrichment"}')).toBeGreaterThan(0);
}, 90_000);

test("a sampled reply is read again as well, and nobody sees it before the verdict", async () => {
  const reply = await ask(live, { content: "What is two plus two?", policy: "watch", fields: { max_tokens: 1 } });
  const traceId = reply.headers.get("x-oversight-trace-id") ?? "";
  const rows = live.records.prepare("SELECT trace_id FROM enrichments WHERE trace_id = ?");
  await until(() => rows.get(traceId), 60_000);
  const desk = await openDesk(live.console, "ada");
  const before = await desk.call(`items/${traceId}`);
  expect(before.body).toMatchObject({ hidden: true, enrichment: null, item: { action: "blind", score: null } });
  expect((await desk.call(`items/${traceId}/decide`, { verdict: "false_positive" })).status).toBe(200);
  const after = await desk.call(`items/${traceId}`);
  expect(after.body).toMatchObject({ hidden: false, item: { action: "sample", state: "decided" } });
  expect(after.body.enrichment).toMatchObject({ traceId });
}, 90_000);
