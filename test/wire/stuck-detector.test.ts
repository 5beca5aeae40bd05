import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLiveFiles } from "../support/live-files.ts";
import { OPEN_POLICY, startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf, until, type WireReply } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

const CONTENT = "Count from one to ten.";
const RESTART_MS = 60_000;
const hang = (at: object) => ({ at, does: "hang" });
const only = (detector: string, rule: object = { action: "abort" }) => ({ detectors: { [detector]: rule } });

let live: LiveGateway;
let open: WireReply;
beforeAll(async () => {
  live = await startLive({
    detectors: {
      "in-prompt": hang({ prompt: 1 }),
      "in-reply": hang({ generated: 2 }),
      "at-start": { at: { prompt: 1 }, does: "hang-at-start" },
      "let-pass": hang({ generated: 2 }),
      monitored: hang({ generated: 2 }),
      "third-token": { at: { generated: 2 } },
      unlucky: hang({ text: "lighthouse" }),
    },
    policies: {
      "in-prompt": only("in-prompt"),
      "in-reply": only("in-reply"),
      "at-start": only("at-start"),
      "let-pass": only("let-pass", { action: "abort", on_error: "open" }),
      monitored: { ...only("monitored"), mode: "monitor" },
      flag: only("third-token", { action: "flag" }),
      unlucky: only("unlucky"),
    },
    fields: {
      engine: { slots: 2, context_tokens: 1024 },
      timeouts: { detector_stuck_ms: 2000 },
      reload: { poll_ms: 0 },
    },
  });
  open = await ask(live, { content: CONTENT });
});
afterAll(() => live.stop());

const readiness = async () => (await fetch(`${live.api}/readyz`)).status;
const restarts = () => live.metric("oversight_engine_restarts_total");
const stuck = (detector: string) => live.metric(`oversight_detector_stuck{detector="${detector}"}`);
const expectServed = async () =>
  expect(await ask(live, { content: CONTENT, policy: "open" })).toMatchObject({ status: 200, tokens: open.tokens });

/** Asks until the detector holds the engine up, and waits for its next thread. */
async function hold(policy: string, stream: boolean): Promise<WireReply> {
  const reply = ask(live, { content: CONTENT, policy, stream });
  await until(async () => (await readiness()) === 503, RESTART_MS);
  await until(async () => (await readiness()) === 200, RESTART_MS);
  return reply;
}

/** What the log says of a detector that did not come back. */
const told = (detector: string) =>
  live.lines.filter((line) => line.includes("a detector does not come back") && line.includes(`"${detector}"`));

describe.each([
  { policy: "in-prompt", work: "score", stream: false, partial: 0 },
  { policy: "in-reply", work: "score", stream: true, partial: 2 },
  { policy: "at-start", work: "start", stream: false, partial: 0 },
])("a detector that never comes back ($policy)", ({ policy, work, stream, partial }) => {
  test("ends its request and the thread, is told by name, and is refused at once from then on", async () => {
    const before = await restarts();
    await expectServed();
    const held = await hold(policy, stream);
    expect(held).toMatchObject({ error: { code: "oversight_unavailable" }, done: false, finishReason: null });
    expect(held.tokens).toEqual(open.tokens.slice(0, partial));
    expect(told(policy)).toEqual([expect.stringContaining(`"work":"${work}"`)]);
    expect([await restarts(), await stuck(policy)]).toEqual([before + 1, 1]);

    const again = await ask(live, { content: CONTENT, policy, headers: { "x-request-id": `${policy}-again` } });
    expect(again).toMatchObject({ status: 503, error: { code: "oversight_unavailable" } });
    const line = await until(() => live.lines.find((each) => each.includes(`${policy}-again`)));
    expect(line).toContain(`"broken":["${policy}: stuck"]`);
    await expectServed();
    expect(await restarts()).toBe(before + 1);
  });
});

describe.each(["let-pass", "monitored"])(
  "a detector that never comes back, where policy lets errors pass",
  (policy) => {
    test(`ends the request that it holds up; later ones go on without it, and are counted (${policy})`, async () => {
      const failOpen = `oversight_fail_open_total{detector="${policy}",reason="stuck"}`;
      const before = await restarts();
      expect(await hold(policy, false)).toMatchObject({ status: 503, error: { code: "oversight_unavailable" } });
      expect(await live.metric(failOpen)).toBe(0);
      const reply = await ask(live, { content: CONTENT, policy });
      expect(reply).toMatchObject({ status: 200, finishReason: "length", tokens: open.tokens });
      expect([await live.metric(failOpen), await stuck(policy), await restarts()]).toEqual([1, 1, before + 1]);
    });
  },
);

test("nothing that was flagged is lost, and a reload with another definition asks the detector again", async () => {
  const stream = await openStream(live, {
    content: "Tell me a long story.",
    policy: "flag",
    fields: { max_tokens: 600 },
  });
  await stream.readTokens(4);
  const held = ask(live, { content: "Where is the lighthouse?", policy: "unlucky" });
  await stream.readToEnd();
  expect(stream.text).not.toContain("[DONE]");
  expect(await held).toMatchObject({ status: 503, error: { code: "oversight_unavailable" } });
  const trace = await until(() => live.traces.get(traceIdOf(stream)));
  expect(trace).toMatchObject({ state: "interrupted", queued: true, end: { reason: "failed" } });
  await until(async () => (await readiness()) === 200, RESTART_MS);
  expect(await ask(live, { content: "Hi", policy: "unlucky" })).toMatchObject({ status: 503 });

  const files = openLiveFiles(live.folder);
  files.setDetector("unlucky", { at: { text: "lighthouse" } });
  // The others would hold up the engine that judges a sentence before it takes over.
  files.setFields({
    policies: { open: OPEN_POLICY, unlucky: only("unlucky") },
  });
  expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new" });
  expect(await ask(live, { content: "Hi", policy: "unlucky" })).toMatchObject({ status: 200 });
  expect([await stuck("unlucky"), await stuck("in-reply")]).toEqual([0, 0]);
});
