import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf } from "../support/wire-reply.ts";

const CONTENT = "Count from one to ten.";
const observe = { action: "observe" };

let live: LiveGateway;
beforeAll(async () => {
  live = await startLive({
    detectors: {
      second: { at: { generated: 1 } },
      fourth: { at: { generated: 3 } },
      never: { at: { generated: 99 } },
    },
    policies: {
      joint: {
        detectors: { second: observe, fourth: observe },
        combine: { both: { of: ["second", "fourth"], rule: "all", within_tokens: 3, action: "abort" } },
      },
      apart: {
        detectors: { second: observe, fourth: observe },
        combine: { both: { of: ["second", "fourth"], rule: "all", within_tokens: 2, action: "abort" } },
      },
      confirmed: { detectors: { fourth: { action: "abort", confirm_with: "never" } } },
    },
  });
});
afterAll(() => live.stop());

describe("a combination", () => {
  test("stops a reply in its own name, and is in the trace, the score row and the metrics", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "joint" });
    expect(reply).toMatchObject({ status: 200, finishReason: "content_filter", oversight: { action: "abort" } });
    expect(reply.oversight).toMatchObject({ detectors: ["second", "fourth", "both"] });
    const trace = await live.traces.get(traceIdOf(reply));
    expect(trace?.evidence).toMatchObject([
      { finding: { detector: "both", score: 2, threshold: 2 }, detectors: ["second", "fourth", "both"] },
    ]);
    const [row] = await live.scores.list({ limit: 1 });
    expect(row?.scores.map(({ detector, fired }) => [detector, fired])).toEqual([
      ["second", true],
      ["fourth", true],
      ["both", true],
    ]);
    expect(await live.metric('oversight_decisions_total{detector="both",action="abort"}')).toBe(1);
    expect(await live.metric('oversight_aborts_total{detector="both",policy="joint"}')).toBe(1);
  });

  test("lets a reply pass whose members fire too far apart", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "apart" });
    expect(reply).toMatchObject({ status: 200, finishReason: "length", oversight: { action: "allow" } });
  });
});

test("a firing that nobody confirms is counted and lets the reply pass", async () => {
  const reply = await ask(live, { content: CONTENT, policy: "confirmed" });
  expect(reply).toMatchObject({ status: 200, finishReason: "length", oversight: { action: "allow", detectors: [] } });
  expect(await live.metric('oversight_decisions_total{detector="fourth",action="unconfirmed"}')).toBe(1);
  const [row] = await live.scores.list({ limit: 1 });
  expect(row?.scores).toMatchObject([
    { detector: "fourth", fired: false, score: 1 },
    { detector: "never", fired: false },
  ]);
});
