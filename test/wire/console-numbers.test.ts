import { afterAll, beforeAll, expect, test } from "vitest";
import { logIn } from "../support/console-login.ts";
import { openDesk } from "../support/desk-client.ts";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask } from "../support/wire-reply.ts";

let live: LiveGateway;

beforeAll(async () => {
  live = await startLive({
    detectors: { scripted: { at: { generated: 1 } } },
    policies: { watch: { detectors: { scripted: { action: "flag", positions: "generation" } } } },
    fields: { engine: { threads: 1 }, enrichment: { enabled: false } },
  });
}, 60_000);
afterAll(() => live.stop());

test("the console has the numbers of what the API served: statistics, proposals and metrics", async () => {
  const reply = await ask(live, { content: "Name three colours.", policy: "watch" });
  expect(reply.status).toBe(200);
  const desk = await openDesk(live.console, "ada");
  const statistics = await desk.call("statistics");
  expect(statistics.body).toMatchObject({
    perDetector: [{ detector: "scripted", flagged: 1, reviewed: 0 }],
    waiting: 1,
  });
  const proposals = await desk.call("proposals?rate=0.01");
  expect(proposals.body).toMatchObject({ proposals: [{ detector: "scripted", current: 0.5, proposed: null }] });
  expect(await live.metric('oversight_recall_estimate{detector="scripted",bound="upper"}')).toBe(1);
  expect(await live.metric("oversight_spool_records")).toBe(0);
});

test("a lead sees requests as they go", async () => {
  const { headers } = await logIn(live.console);
  const controller = new AbortController();
  const stream = await fetch(`${live.console}/api/review/live`, { headers, signal: controller.signal });
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  const asked = ask(live, { content: "Name three animals.", policy: "watch" });
  let text = "";
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes("event: ended")) break;
  }
  controller.abort();
  await asked;
  expect(text).toContain("event: flagged");
  expect(text).not.toContain("animals");
});
